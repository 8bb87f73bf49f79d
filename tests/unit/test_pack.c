/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/io.h"
#include "base/memory.h"
#include "tar/acl.h"
#include "tar/pack.h"
#include "tar/tar-header.h"

#define EPOCH 1700000000

/* Packs the scratch directory's "tree". */
static void pack(struct text *ret, char digest[DIGEST_HEX])
{
	static const char *const skip[] = { "skipped", NULL };
	CLEANUP(err_release) struct err err = { 0 };
	char check[DIGEST_HEX];
	uint64_t size;
	cleanup_fd int root = openat(scratch_fd, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_fd int out = openat(scratch_fd, "out.tar", O_RDWR | O_CREAT | O_TRUNC, 0644);

	assert_int_equal(pack_tree(root, skip, EPOCH, out, digest, &size, &err), 0);
	assert_int_equal(read_file(scratch_fd, "out.tar", 64 << 20, ret, &err), 0);
	assert_int_equal(ret->length, size);
	digest_bytes(ret->data, ret->length, check);
	assert_string_equal(check, digest);
}

static void touch(const char *path, mode_t mode, int64_t mtime)
{
	const struct timespec t[2] = { { .tv_nsec = UTIME_OMIT },
				       { .tv_sec = mtime, .tv_nsec = 5 } };

	scratch_file(path, path);
	assert_int_equal(fchmodat(scratch_fd, path, mode, 0), 0);
	assert_int_equal(utimensat(scratch_fd, path, t, 0), 0);
}

static int make_tree(void **state)
{
	return scratch_setup(state) < 0 ? -1 : mkdirat(scratch_fd, "tree", 0755);
}

/* What libarchive reads: a line an entry. */
static void assert_listing(const struct text *tar, const char *expected)
{
	CLEANUP(text_release) struct text seen = { 0 };
	struct archive *a = archive_read_new();
	struct archive_entry *e;

	archive_read_support_format_tar(a);
	assert_int_equal(archive_read_open_memory(a, tar->data, tar->length), ARCHIVE_OK);
	while (archive_read_next_header(a, &e) == ARCHIVE_OK) {
		const char *hard = archive_entry_hardlink(e), *soft = archive_entry_symlink(e);

		text_printf(&seen, "%s %o %lld", archive_entry_pathname(e), archive_entry_perm(e),
			    (long long)archive_entry_mtime(e));
		if (archive_entry_filetype(e) == AE_IFREG && !hard)
			text_printf(&seen, " %lld", (long long)archive_entry_size(e));
		if (hard || soft)
			text_printf(&seen, " %s %s", hard ? "==" : "->", hard ? hard : soft);
		text_add(&seen, "\n");
	}
	assert_null(archive_error_string(a));
	archive_read_free(a);
	assert_string_equal(seen.data, expected);
}

static void order_times_and_links(void **state)
{
	CLEANUP(text_release) struct text tar = { 0 };
	CLEANUP(text_release) struct text again = { 0 };
	char digest[DIGEST_HEX], digest_again[DIGEST_HEX];

	(void)state;
	assert_int_equal(mkdirat(scratch_fd, "tree/a", 02755), 0);
	assert_int_equal(mkdirat(scratch_fd, "tree/skipped", 0755), 0);
	touch("tree/skipped/x", 0644, 1);
	touch("tree/a/z", 04711, EPOCH + 1);
	touch("tree/a-b", 0600, EPOCH - 1);
	touch("tree/a/skipped", 0644, 0);
	assert_int_equal(linkat(scratch_fd, "tree/a/z", scratch_fd, "tree/a.first", 0), 0);
	assert_int_equal(linkat(scratch_fd, "tree/a/z", scratch_fd, "tree/zz", 0), 0);
	assert_int_equal(symlinkat("../x", scratch_fd, "tree/s"), 0);
	assert_int_equal(linkat(scratch_fd, "tree/s", scratch_fd, "tree/t", 0), 0);
	pack(&tar, digest);
	assert_listing(&tar, "./ 755 1700000000\n"
			     "./a/ 755 1700000000\n"
			     "./a-b 600 1699999999 8\n"
			     "./a.first 4711 1700000000 8\n"
			     "./a/skipped 644 0 14\n"
			     "./a/z 4711 1700000000 == ./a.first\n"
			     "./s 777 1700000000 -> ../x\n"
			     "./t 777 1700000000 == ./s\n"
			     "./zz 4711 1700000000 == ./a.first\n");
	assert_int_equal(tar.length % 10240, 0);
	pack(&again, digest_again);
	assert_string_equal(digest_again, digest);
}

static void special_files(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	CLEANUP(text_release) struct text tar = { 0 };
	cleanup_fd int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char digest[DIGEST_HEX];

	(void)state;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/tree/socket", scratch_path);
	assert_int_equal(bind(sock, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(mkfifoat(scratch_fd, "tree/fifo", 0644), 0);
	pack(&tar, digest);
	assert_listing(&tar, "./ 755 1700000000\n");
}

static void names(void **state)
{
	char name[] = "tree/\303\244/0123456789012345678901234567890123456789"
		      "0123456789012345678901234567890123456789012345678901234567890";
	CLEANUP(text_release) struct text tar = { 0 };
	char digest[DIGEST_HEX];

	(void)state;
	assert_int_equal(mkdirat(scratch_fd, "tree/\303\244", 0755), 0);
	touch(name, 0644, 1);
	touch("tree/\377", 0644, 1);
	assert_int_equal(symlinkat(name, scratch_fd, "tree/link"), 0);
	pack(&tar, digest);
	/* POSIX: extended headers are UTF-8; a short name of other bytes stays in the header. */
	assert_non_null(memmem(tar.data, tar.length, "14 path=./\303\244/\n", 14));
	assert_non_null(memmem(tar.data, tar.length, " linkpath=tree/\303\244/0123", 22));
	assert_null(memmem(tar.data, tar.length, "path=./\377", 8));
	assert_non_null(memmem(tar.data, tar.length, "./\377\0", 4));
	assert_null(memmem(tar.data, tar.length, "hdrcharset", 10));
}

static void sparse(void **state)
{
	CLEANUP(text_release) struct text tar = { 0 };
	cleanup_fd int fd = openat(scratch_fd, "tree/sparse", O_WRONLY | O_CREAT, 0644);
	char digest[DIGEST_HEX];

	(void)state;
	assert_int_equal(ftruncate(fd, 3 << 20), 0);
	assert_int_equal(pwrite(fd, "end", 3, (3 << 20) - 3), 3);
	assert_int_equal(futimens(fd, (struct timespec[2]){ { 0, 0 }, { 7, 0 } }), 0);
	pack(&tar, digest);
	assert_listing(&tar, "./ 755 1700000000\n./sparse 644 7 3145728\n");
	assert_memory_equal(tar.data + 1024 + (3 << 20) - 4, "\0end", 4);
}

/* The header, to the byte: it may change only with a new bytes-epoch. */
static void header_bytes(void **state)
{
	struct tar_header h = { .type = TAR_SYMLINK, .mode = 0777, .uid = 1, .gid = 8, .mtime = 9 };
	CLEANUP(text_release) struct text got = { 0 };
	char expected[TAR_BLOCK] = { 0 };

	(void)state;
	h.name = xstrdup("./n");
	h.target = xstrdup("t");
	tar_header_format(&h, &got);
	tar_header_release(&h);
	memcpy(expected, "./n", 3);
	memcpy(expected + 100,
	       "0000777\0"
	       "0000001\0"
	       "0000010\0",
	       24);
	memcpy(expected + 124,
	       "00000000000\0"
	       "00000000011\0",
	       24);
	memcpy(expected + 148,
	       "006451\0 "
	       "2t",
	       10);
	memcpy(expected + 257,
	       "ustar\0"
	       "00",
	       8);
	assert_int_equal(got.length, TAR_BLOCK);
	assert_memory_equal(got.data, expected, TAR_BLOCK);
}

static void header_beyond_ustar(void **state)
{
	struct tar_header h = {
		.type = TAR_FILE, .uid = 2097152, .gid = 2097151, .size = 1ULL << 33
	};
	CLEANUP(text_release) struct text got = { 0 };
	static const char records[] = "15 uid=2097152\n"
				      "19 size=8589934592\n"
				      "29 SCHILY.xattr.user.a=x\0y=z\n";

	(void)state;
	h.name = xstrdup("./n");
	tar_header_add(&h, "SCHILY.xattr.user.a", "x\0y=z", 5);
	tar_header_format(&h, &got);
	tar_header_release(&h);
	assert_int_equal(got.length, 3 * TAR_BLOCK);
	assert_int_equal(got.data[156], 'x');
	assert_memory_equal(got.data + TAR_BLOCK, records, sizeof(records));
	assert_memory_equal(got.data + 2 * TAR_BLOCK + 108,
			    "0000000\0"
			    "7777777\0",
			    16);
}

/* A record's length counts itself, also where that takes another digit. */
static void record_lengths(void **state)
{
	(void)state;
	for (size_t size = 0; size < 1100; size++) {
		struct tar_header h = { 0 };
		cleanup_free char *value = xcalloc(1, size + 1);

		memset(value, 'v', size);
		tar_header_add(&h, "k", value, size);
		assert_int_equal(strtoul(h.pax.data, NULL, 10), h.pax.length);
		assert_int_equal(h.pax.data[h.pax.length - 1], '\n');
		tar_header_release(&h);
	}
}

struct acl_row {
	uint16_t tag;
	uint16_t perm;
	uint32_t id;
};

static void acls(void **state)
{
	const struct {
		uint32_t version;
		struct acl_row row[5];
	} xattr = { POSIX_ACL_XATTR_VERSION,
		    { { ACL_USER_OBJ, 7, ~0U },
		      { ACL_USER, 5, 1000 },
		      { ACL_GROUP_OBJ, 4, ~0U },
		      { ACL_MASK, 5, ~0U },
		      { ACL_OTHER, 0, ~0U } } };
	const char *text = "user::rwx,user:1000:r-x,group::r--,mask::r-x,other::---";
	CLEANUP(text_release) struct text got = { 0 };
	CLEANUP(text_release) struct text back = { 0 };
	struct archive_entry *e = archive_entry_new();

	(void)state;
	_Static_assert(sizeof(xattr) == 44, "as the kernel lays it out");
	assert_int_equal(acl_to_text(&xattr, sizeof(xattr), &got), 0);
	assert_string_equal(got.data, text);
	assert_int_equal(acl_to_text(&xattr, sizeof(xattr) - 1, &got), -EINVAL);
	assert_int_equal(acl_to_text(&xattr, 3, &got), -EINVAL);
	archive_entry_set_perm(e, 0750);
	/* In another order than the kernel's. */
	archive_entry_acl_add_entry(e, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, 5, ARCHIVE_ENTRY_ACL_MASK, -1,
				    NULL);
	archive_entry_acl_add_entry(e, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, 5, ARCHIVE_ENTRY_ACL_USER,
				    1000, NULL);
	archive_entry_acl_add_entry(e, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, 4,
				    ARCHIVE_ENTRY_ACL_GROUP_OBJ, -1, NULL);
	assert_int_equal(acl_from_entry(e, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, &back), 0);
	assert_int_equal(back.length, sizeof(xattr));
	assert_memory_equal(back.data, &xattr, sizeof(xattr));
	archive_entry_acl_add_entry(e, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, 5, ARCHIVE_ENTRY_ACL_USER, -1,
				    "somebody");
	assert_int_equal(acl_from_entry(e, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, &back), -EINVAL);
	archive_entry_free(e);
}

int main(void)
{
#define IN_TREE(test) cmocka_unit_test_setup_teardown(test, make_tree, scratch_teardown)
	const struct CMUnitTest tests[] = {
		IN_TREE(order_times_and_links),
		IN_TREE(special_files),
		IN_TREE(names),
		IN_TREE(sparse),
		cmocka_unit_test(header_bytes),
		cmocka_unit_test(header_beyond_ustar),
		cmocka_unit_test(record_lengths),
		cmocka_unit_test(acls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
