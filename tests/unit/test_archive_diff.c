/* SPDX-License-Identifier: MIT */
/* What differs inside of archives. */
#include "unit.h"

#include <archive.h>
#include <archive_entry.h>

#include "base/atomic-file.h"
#include "base/io.h"
#include "base/memory.h"
#include "verify/difference-parts.h"

struct entry {
	const char *path;
	mode_t mode;
	int64_t owner, mtime;
	const char *content;
	size_t size; /* 0: as long as the text */
};

static void write_entry(struct archive *a, const struct entry *m)
{
	struct archive_entry *e = archive_entry_new();
	size_t size = m->size ? m->size : m->content ? strlen(m->content) : 0;

	archive_entry_set_pathname(e, m->path);
	archive_entry_set_mode(e, m->mode);
	archive_entry_set_uid(e, m->owner);
	archive_entry_set_mtime(e, m->mtime, 0);
	archive_entry_set_size(e, (la_int64_t)size);
	assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
	if (size > 0)
		assert_int_equal(archive_write_data(a, m->content, size), size);
	archive_entry_free(e);
}

static void make(int (*format)(struct archive *), const char *level, const struct entry *entry,
		 size_t count, struct text *ret)
{
	size_t used = 0;
	struct archive *a = archive_write_new();

	ret->data = xcalloc(1, 1 << 20);
	assert_int_equal(format(a), ARCHIVE_OK);
	assert_int_equal(archive_write_add_filter_zstd(a), ARCHIVE_OK);
	assert_int_equal(archive_write_set_filter_option(a, NULL, "compression-level", level),
			 ARCHIVE_OK);
	assert_int_equal(archive_write_open_memory(a, ret->data, 1 << 20, &used), ARCHIVE_OK);
	for (size_t i = 0; i < count; i++)
		write_entry(a, &entry[i]);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	ret->length = used;
}

static int make_results(void **state)
{
	if (scratch_setup(state) < 0 || mkdirat(scratch_fd, "old", 0755) < 0)
		return -1;
	return mkdirat(scratch_fd, "new", 0755);
}

static void put(const char *path, const struct text *t)
{
	CLEANUP(err_release) struct err err = { 0 };

	assert_int_equal(write_file(scratch_fd, path, t->data, t->length, 0644, &err), 0);
}

static void compare(struct differences *f)
{
	static const struct variations none;
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_fd int old = openat(scratch_fd, "old", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_fd int new = openat(scratch_fd, "new", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(differences_compare(old, new, &none, f, &err), 0);
}

static void assert_finding(const struct difference *f, const char *member, const char *what,
			   const char *cause)
{
	if (member)
		assert_string_equal(f->member, member);
	else
		assert_null(f->member);
	assert_string_equal(f->what, what);
	assert_string_equal(f->cause, cause);
}

static void tar(void **state)
{
	const struct entry old[] = {
		{ "./a", S_IFREG | 0644, 0, 100, "same", 0 },
		{ "./b", S_IFREG | 0644, 0, 100, "same", 0 },
		{ "./c", S_IFREG | 0644, 0, 100, "same", 0 },
		{ "./d", S_IFREG | 0644, 0, 100, "built at 10:11:12\n", 0 },
		{ "./tmp.xK82ab", S_IFREG | 0644, 0, 100, "", 0 },
	};
	const struct entry new[] = {
		{ "./a", S_IFREG | 0644, 0, 200, "same", 0 },
		{ "./b", S_IFREG | 04755, 7, 100, "same", 0 },
		{ "./c", S_IFREG | 0644, 0, 100, "same", 0 },
		{ "./d", S_IFREG | 0644, 0, 300, "built at 13:14:15\n", 0 },
		{ "./tmp.q1Zr7T", S_IFREG | 0644, 0, 100, "", 0 },
	};
	CLEANUP(text_release) struct text a = { 0 };
	CLEANUP(text_release) struct text b = { 0 };
	CLEANUP(differences_release) struct differences f = { 0 };

	(void)state;
	make(archive_write_set_format_pax, "3", old, 5, &a);
	make(archive_write_set_format_pax, "3", new, 5, &b);
	put("old/rootfs.tar.zst", &a);
	put("new/rootfs.tar.zst", &b);
	compare(&f);
	assert_int_equal(f.count, 5);
	assert_finding(&f.item[0], "a", "time stamp", CAUSE_TIME_STAMP);
	assert_string_equal(f.item[0].detail, "time stamp: 1970-01-01 00:01:40 UTC, rebuilt "
					      "1970-01-01 00:03:20 UTC\n");
	assert_finding(&f.item[1], "b", "mode, owner", "owners, modes or attributes");
	assert_string_equal(f.item[1].detail,
			    "mode: 0644, rebuilt 4755\nowner: 0:0, rebuilt 7:0\n");
	assert_finding(&f.item[2], "d", "content, time stamp", "a date or a time");
	assert_finding(&f.item[3], "tmp.q1Zr7T", "only in the rebuild",
		       "names that are others each time");
	assert_finding(&f.item[4], "tmp.xK82ab", "only in the original",
		       "names that are others each time");
}

/* The initrd is a file of the result, and once more in the tree. */
static void initrds(void **state)
{
	const struct entry old[] = { { "conf/x", S_IFREG | 0644, 0, 100, "b\na\n", 0 } };
	const struct entry new[] = { { "conf/x", S_IFREG | 0644, 0, 100, "a\nb\n", 0 } };
	CLEANUP(text_release) struct text a = { 0 };
	CLEANUP(text_release) struct text b = { 0 };
	CLEANUP(text_release) struct text tree_a = { 0 };
	CLEANUP(text_release) struct text tree_b = { 0 };
	CLEANUP(differences_release) struct differences f = { 0 };

	(void)state;
	make(archive_write_set_format_cpio_newc, "3", old, 1, &a);
	make(archive_write_set_format_cpio_newc, "3", new, 1, &b);
	const struct entry old_tree = {
		"./boot/initrd.img-6.1", S_IFREG | 0644, 0, 100, a.data, a.length
	};
	const struct entry new_tree = {
		"./boot/initrd.img-6.1", S_IFREG | 0644, 0, 100, b.data, b.length
	};
	make(archive_write_set_format_pax, "3", &old_tree, 1, &tree_a);
	make(archive_write_set_format_pax, "3", &new_tree, 1, &tree_b);
	put("old/initrd.img", &a);
	put("new/initrd.img", &b);
	put("old/rootfs.tar.zst", &tree_a);
	put("new/rootfs.tar.zst", &tree_b);
	compare(&f);
	assert_int_equal(f.count, 3);
	assert_string_equal(f.item[0].artifact, "initrd.img");
	assert_finding(&f.item[0], "conf/x", "content", CAUSE_ORDER);
	assert_string_equal(f.item[1].artifact, "rootfs.tar.zst");
	assert_finding(&f.item[1], "boot/initrd.img-6.1", "content", CAUSE_ORDER);
	assert_finding(&f.item[2], "boot/initrd.img-6.1: conf/x", "content", CAUSE_ORDER);
}

static void order_and_compression(void **state)
{
	const struct entry entry[] = {
		{ "./a", S_IFREG | 0644, 0, 100, "one", 0 },
		{ "./b", S_IFREG | 0644, 0, 100, "two", 0 },
	};
	const struct entry swapped[] = { entry[1], entry[0] };
	CLEANUP(text_release) struct text a = { 0 };
	CLEANUP(text_release) struct text b = { 0 };
	CLEANUP(text_release) struct text c = { 0 };
	CLEANUP(differences_release) struct differences order = { 0 };
	CLEANUP(differences_release) struct differences packed = { 0 };

	(void)state;
	make(archive_write_set_format_pax, "3", entry, 2, &a);
	make(archive_write_set_format_pax, "3", swapped, 2, &b);
	make(archive_write_set_format_pax, "19", entry, 2, &c);
	put("old/rootfs.tar.zst", &a);
	put("new/rootfs.tar.zst", &b);
	compare(&order);
	assert_int_equal(order.count, 1);
	assert_finding(&order.item[0], NULL, "order of members", CAUSE_ORDER);
	put("new/rootfs.tar.zst", &c);
	compare(&packed);
	assert_int_equal(packed.count, 1);
	assert_finding(&packed.item[0], NULL, "compression or padding",
		       "the same content, packed differently");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tar, make_results, scratch_teardown),
		cmocka_unit_test_setup_teardown(initrds, make_results, scratch_teardown),
		cmocka_unit_test_setup_teardown(order_and_compression, make_results,
						scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
