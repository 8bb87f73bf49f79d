/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <archive.h>
#include <archive_entry.h>

#include "base/io.h"
#include "base/memory.h"
#include "tar/members.h"
#include "seed.h"

#define EPOCH 1700000000

struct made { /* an entry to write */
	const char *path;
	mode_t mode;
	const char *content; /* of a file; target of a link; NULL: none */
	const char *hardlink;
	int64_t inode;
};

static void write_entry(struct archive *a, const struct made *m)
{
	struct archive_entry *e = archive_entry_new();
	size_t size = m->content && S_ISREG(m->mode) ? strlen(m->content) : 0;

	archive_entry_set_pathname(e, m->path);
	archive_entry_set_mode(e, m->mode);
	archive_entry_set_uid(e, 7);
	archive_entry_set_gid(e, 8);
	archive_entry_set_mtime(e, EPOCH, 0);
	archive_entry_set_size(e, (la_int64_t)size);
	if (S_ISLNK(m->mode))
		archive_entry_set_symlink(e, m->content);
	if (m->hardlink)
		archive_entry_set_hardlink(e, m->hardlink);
	if (m->inode) {
		archive_entry_set_ino64(e, m->inode);
		archive_entry_set_nlink(e, 3);
	}
	if (streq(m->path, "./ping"))
		archive_entry_xattr_add_entry(e, "security.capability", "\x01\xff", 2);
	assert_true(archive_write_header(a, e) >= ARCHIVE_WARN); /* a name that is no UTF-8 */
	if (size > 0)
		assert_int_equal(archive_write_data(a, m->content, size), size);
	archive_entry_free(e);
}

/* Appends an archive to the scratch directory's "archive". */
static void append(int (*format)(struct archive *), bool packed, const struct made *made,
		   size_t count)
{
	cleanup_fd int fd = openat(scratch_fd, "archive", O_WRONLY | O_CREAT | O_APPEND, 0644);
	struct archive *a = archive_write_new();

	assert_int_equal(format(a), ARCHIVE_OK);
	if (packed)
		assert_int_equal(archive_write_add_filter_zstd(a), ARCHIVE_OK);
	archive_write_set_bytes_per_block(a, 0);
	assert_int_equal(archive_write_open_fd(a, fd), ARCHIVE_OK);
	for (size_t i = 0; i < count; i++)
		write_entry(a, &made[i]);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
}

static void append_bytes(const void *data, size_t size)
{
	cleanup_fd int fd = openat(scratch_fd, "archive", O_WRONLY | O_CREAT | O_APPEND, 0644);

	assert_int_equal(write_all(fd, data, size), 0);
}

static int open_archive(void)
{
	int fd = openat(scratch_fd, "archive", O_RDONLY | O_CLOEXEC);

	seed_fd("tar", fd);
	seed_fd("initrd", fd);
	return fd;
}

static void assert_content(const struct members *m, const char *path, const char *content)
{
	const struct member *found = members_find(m, path);
	char digest[DIGEST_HEX];

	assert_non_null(found);
	digest_bytes(content, strlen(content), digest);
	assert_string_equal(found->sha256, digest);
	assert_int_equal(found->size, strlen(content));
}

static bool wants_motd(const struct member *m, void *data)
{
	(void)data;
	return streq(m->path, "motd");
}

static int take(const struct member *m, const struct text *content, void *data, struct err *err)
{
	struct text *t = data;

	(void)err;
	text_printf(t, "%s: %s", m->path, content->data);
	return 0;
}

static void tar(void **state)
{
	static const struct made made[] = {
		{ "./", S_IFDIR | 0755, NULL, NULL, 0 },
		{ "./b/", S_IFDIR | 01777, NULL, NULL, 0 },
		{ "./ping", S_IFREG | 04755, "ping", NULL, 0 },
		{ "./b/link", S_IFLNK | 0777, "../ping", NULL, 0 },
		{ "./motd", S_IFREG | 0644, "hello", NULL, 0 },
		{ "./b/same", S_IFREG | 0644, NULL, "./motd", 0 },
		{ "./\xff", S_IFREG | 0600, "", NULL, 0 },
	};
	CLEANUP(members_release) struct members m = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text taken = { 0 };
	const struct member_reader reader = {
		.wants = wants_motd, .take = take, .data = &taken, .limit = 100
	};
	const struct member *ping;

	(void)state;
	append(archive_write_set_format_pax, true, made, ARRAY_SIZE(made));
	cleanup_fd int fd = open_archive();
	assert_int_equal(members_read(fd, &reader, &m, &err), 0);
	assert_int_equal(m.count, 7);
	assert_string_equal(m.item[0].path, "");
	assert_string_equal(m.item[1].path, "b");
	assert_int_equal(m.item[1].mode, 01777);
	assert_int_equal(m.item[1].type, S_IFDIR);
	assert_string_equal(m.item[2].path, "b/link");
	assert_string_equal(m.item[2].target, "../ping");
	assert_string_equal(m.item[3].path, "b/same");
	assert_string_equal(m.item[3].first, "motd");
	assert_int_equal(m.item[3].type, S_IFREG);
	assert_content(&m, "b/same", "hello");
	assert_content(&m, "\xff", "");
	ping = members_find(&m, "ping");
	assert_non_null(ping);
	assert_int_equal(ping->mode, 04755);
	assert_int_equal(ping->uid, 7);
	assert_int_equal(ping->gid, 8);
	assert_int_equal(ping->mtime, EPOCH);
	assert_int_equal(ping->place, 2);
	assert_string_equal(ping->xattrs, "security.capability=01ff");
	assert_null(members_find(&m, "pin"));
	assert_string_equal(taken.data, "motd: hello");
}

static void damaged_tar(void **state)
{
	static const struct made made[] = { { "a", S_IFREG | 0644, "content", NULL, 0 } };
	CLEANUP(members_release) struct members m = { 0 };
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	append(archive_write_set_format_pax, false, made, 1);
	cleanup_fd int cut = openat(scratch_fd, "archive", O_RDWR | O_CLOEXEC);
	assert_int_equal(ftruncate(cut, 515), 0);
	assert_true(members_read(cut, NULL, &m, &err) < 0);
	assert_int_equal(err.class, ERR_BUILD);
}

/* Gives an archive in pieces, and fails after so many bytes. */
struct pieces {
	int fd;
	size_t piece;
	size_t left;
	char bytes[4096];
};

static ssize_t next_piece(void *data, const void **ret, struct err *err)
{
	struct pieces *p = data;
	size_t want = p->left < p->piece ? p->left : p->piece;

	if (want == 0)
		return err_set(err, ERR_INTERRUPTED, "interrupted by SIGINT");
	p->left -= want;
	*ret = p->bytes;
	return read(p->fd, p->bytes, want);
}

static void a_source(void **state)
{
	static const struct made made[] = {
		{ "a", S_IFREG | 0644, "content", NULL, 0 },
		{ "b", S_IFREG | 0644, "more", NULL, 0 },
	};
	static const size_t piece[] = { 1, 100, 512, 4096 };

	(void)state;
	append(archive_write_set_format_pax, false, made, ARRAY_SIZE(made));
	for (size_t i = 0; i < ARRAY_SIZE(piece); i++) {
		CLEANUP(members_release) struct members m = { 0 };
		CLEANUP(members_release) struct members none = { 0 };
		CLEANUP(err_release) struct err err = { 0 };
		cleanup_fd int fd = open_archive();
		struct pieces p = { .fd = fd, .piece = piece[i], .left = SIZE_MAX };
		const struct member_source source = { .next = next_piece, .data = &p };

		assert_int_equal(members_read_source(&source, NULL, &m, &err), 0);
		assert_int_equal(m.count, 2);
		assert_content(&m, "a", "content");
		assert_content(&m, "b", "more");
		/* What its source says comes before what is missing then. */
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		p.left = 700;
		assert_true(members_read_source(&source, NULL, &none, &err) < 0);
		assert_int_equal(err.class, ERR_INTERRUPTED);
		assert_int_equal(none.count, 0);
	}
	assert_int_equal(unlinkat(scratch_fd, "archive", 0), 0);
}

/* A name of an archive costs memory for each entry, so it is no longer than Linux has one. */
static void long_names(void **state)
{
	cleanup_free char *longest = xcalloc(1, MEMBERS_NAME_MAX + 2);
	CLEANUP(members_release) struct members m = { 0 };
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < MEMBERS_NAME_MAX; i++)
		longest[i] = i % 100 == 99 ? '/' : 'a';
	append(archive_write_set_format_pax, false,
	       &(struct made){ longest, S_IFREG | 0644, NULL, NULL, 0 }, 1);
	cleanup_fd int fd = open_archive();
	assert_int_equal(members_read(fd, NULL, &m, &err), 0);
	assert_int_equal(unlinkat(scratch_fd, "archive", 0), 0);

	longest[MEMBERS_NAME_MAX] = 'a';
	const struct made made[] = { { longest, S_IFREG | 0644, NULL, NULL, 0 },
				     { "link", S_IFLNK | 0777, longest, NULL, 0 } };
	for (size_t i = 0; i < ARRAY_SIZE(made); i++) {
		CLEANUP(err_release) struct err why = { 0 };

		append(archive_write_set_format_pax, false, &made[i], 1);
		cleanup_fd int too_long = open_archive();
		assert_true(members_read(too_long, NULL, &m, &why) < 0);
		assert_non_null(strstr(why.message, "a path of 4096 bytes"));
		assert_int_equal(unlinkat(scratch_fd, "archive", 0), 0);
	}
}

/* Microcode in front, zeroes, modules, then all the rest compressed; a path that comes twice; hard
 * links with the content in the last. */
static void initrd(void **state)
{
	static const struct made early[] = { { "kernel/x86/microcode", S_IFREG | 0644, "microcode",
					       NULL, 0 } };
	static const struct made modules[] = { { "lib/nfs.ko", S_IFREG | 0644, "module", NULL, 0 },
					       { "conf", S_IFREG | 0644, "first", NULL, 0 } };
	static const struct made rest[] = { { "conf", S_IFREG | 0644, "second", NULL, 0 },
					    { "bin/a", S_IFREG | 0755, NULL, NULL, 9 },
					    { "bin/b", S_IFREG | 0755, NULL, NULL, 9 },
					    { "bin/c", S_IFREG | 0755, "linked", NULL, 9 } };
	static const char zeroes[1024];
	CLEANUP(members_release) struct members m = { 0 };
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	append(archive_write_set_format_cpio_newc, false, early, 1);
	append_bytes(zeroes, sizeof(zeroes));
	append(archive_write_set_format_cpio_newc, false, modules, 2);
	append(archive_write_set_format_cpio_newc, true, rest, 4);
	cleanup_fd int fd = open_archive();
	assert_int_equal(members_read_initrd(fd, NULL, &m, &err), 0);
	assert_int_equal(m.count, 7);
	assert_content(&m, "kernel/x86/microcode", "microcode");
	assert_content(&m, "lib/nfs.ko", "module");
	assert_content(&m, "conf", "second");
	assert_content(&m, "bin/a", "linked");
	assert_content(&m, "bin/b", "linked");
	assert_content(&m, "bin/c", "linked");
}

static void no_initrd(void **state)
{
	static const struct made early[] = { { "a", S_IFREG | 0644, "a", NULL, 0 } };
	CLEANUP(members_release) struct members m = { 0 };
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	append(archive_write_set_format_cpio_newc, false, early, 1);
	append_bytes("no cpio and no compression", 26);
	cleanup_fd int fd = open_archive();
	assert_true(members_read_initrd(fd, NULL, &m, &err) < 0);
	assert_int_equal(err.class, ERR_BUILD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tar, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(damaged_tar, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(a_source, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(long_names, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(initrd, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(no_initrd, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
