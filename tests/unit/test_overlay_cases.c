/* SPDX-License-Identifier: MIT */
/* tests/cases/overlay: overlays as tar streams, read back with libarchive. */
#include "case.h"

#include <archive.h>
#include <archive_entry.h>

#include "recipe/recipe.h"
#include "rootfs/overlay.h"
#include "base/err-report.h"

#define EPOCH 1700000000

static const struct overlay_context context = {
	.passwd = "root:x:0:0:root:/root:/bin/bash\nsshd:x:101:65534::/run/sshd:/usr/sbin/nologin\n"
		  "sshd2:x:102:65534::/:/bin/sh\nbad:x:70000:0::/:/bin/sh\n",
	.group = "root:x:0:\nshadow:x:42:\n_ssh:x:106:\n",
	.epoch = EPOCH,
};

static void add_content(struct archive *a, struct archive_entry *e, struct text *out)
{
	const size_t size = (size_t)archive_entry_size(e);
	cleanup_free char *data = xcalloc(1, size + 1);

	assert_int_equal(archive_read_data(a, data, size), size);
	text_add(out, " ");
	for (size_t i = 0; i < size; i++) {
		if (data[i] == '\n')
			text_add(out, "\\n");
		else
			text_append(out, &data[i], 1);
	}
}

static void add_xattrs(struct archive_entry *e, struct text *out)
{
	const char *name;
	const void *value;
	size_t size;

	archive_entry_xattr_reset(e);
	while (archive_entry_xattr_next(e, &name, &value, &size) == ARCHIVE_OK) {
		const unsigned char *byte = value;

		text_printf(out, " %s=", name);
		for (size_t i = 0; i < size; i++)
			text_printf(out, "%02x", byte[i]);
	}
}

/* `-0644 0:0 etc/motd hello\n`, `l0777 0:0 a -> b`, `d0700 0:0 var/x`. */
static void describe_entry(struct archive *a, struct archive_entry *e, struct text *out)
{
	const mode_t type = archive_entry_filetype(e);
	const char *path = archive_entry_pathname(e);
	const char letter = type == S_IFREG   ? '-'
			    : type == S_IFDIR ? 'd'
			    : type == S_IFLNK ? 'l'
					      : '?';

	text_printf(out, "%c%04o %lld:%lld %s", letter, (unsigned)archive_entry_perm(e),
		    (long long)archive_entry_uid(e), (long long)archive_entry_gid(e), path);
	if (type == S_IFLNK)
		text_printf(out, " -> %s", archive_entry_symlink(e));
	add_xattrs(e, out);
	if (type == S_IFREG)
		add_content(a, e, out);
	text_add(out, "\n");
	assert_int_equal(archive_entry_mtime(e), EPOCH);
	assert_false(archive_entry_atime_is_set(e));
	assert_false(archive_entry_ctime_is_set(e));
	/* numbers only: a name would win over them when it is unpacked */
	assert_true(!archive_entry_uname(e) || !*archive_entry_uname(e));
	assert_true(!archive_entry_gname(e) || !*archive_entry_gname(e));
	assert_null(archive_entry_hardlink(e));
}

static void describe_tar(int fd, struct text *out)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	int r;

	text_add(out, "");
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(archive_read_support_format_tar(a), ARCHIVE_OK);
	assert_int_equal(archive_read_open_fd(a, fd, 65536), ARCHIVE_OK);
	while ((r = archive_read_next_header(a, &e)) == ARCHIVE_OK)
		describe_entry(a, e, out);
	assert_int_equal(r, ARCHIVE_EOF);
	assert_int_equal(archive_read_free(a), ARCHIVE_OK);
}

/* Two streams of one overlay, the second after its files were touched, are the same bytes. */
static void assert_repeats(const struct recipe *r, const struct recipe_name *overlay, int first)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_fd int second = -1;
	char x[DIGEST_HEX], y[DIGEST_HEX];

	assert_int_equal(temporary_fd(&second, &err), 0);
	assert_int_equal(utimensat(AT_FDCWD, overlay->value, NULL, 0), 0);
	assert_int_equal(overlay_write_tar(r, overlay, &context, second, &err), 0);
	assert_int_equal(lseek(first, 0, SEEK_SET), 0);
	assert_int_equal(lseek(second, 0, SEEK_SET), 0);
	assert_int_equal(digest_fd(first, x, &err), 0);
	assert_int_equal(digest_fd(second, y, &err), 0);
	assert_string_equal(x, y);
}

static int write_tar(struct recipe *r, const struct recipe_name *overlay, int fd, struct err *err)
{
	int e = overlays_check(r, err);

	return e < 0 ? e : overlay_write_tar(r, overlay, &context, fd, err);
}

static int write_again(struct err *err)
{
	CLEANUP(recipe_release) struct recipe r = { 0 };
	cleanup_free char *path = xasprintf("%s/recipe.yaml", scratch_path);
	cleanup_fd int fd = -1;
	int e = recipe_load(path, &r, err);

	if (e == 0)
		e = temporary_fd(&fd, err);
	return e < 0 ? e : write_tar(&r, &r.overlays.item[0], fd, err);
}

static void run_case(void **state)
{
	CLEANUP(case_release) struct test_case c = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(recipe_release) struct recipe r = { 0 };
	CLEANUP(text_release) struct text got = { 0 };
	cleanup_fd int fd = -1;
	int e;

	case_read(*state, &c);
	cleanup_free char *path = xasprintf("%s/recipe.yaml", scratch_path);
	if (recipe_load(path, &r, &err) < 0)
		fail_msg("%s", case_printed(&err));
	assert_int_equal(r.overlays.count, 1);
	assert_int_equal(temporary_fd(&fd, &err), 0);
	e = write_tar(&r, &r.overlays.item[0], fd, &err);
	if (streq(c.kind, "error")) {
		cleanup_free char *printed = case_printed(&err);

		assert_string_equal(printed, c.expected);
		assert_true(e < 0);
		assert_int_equal(err_exit_code(&err), 2);
		case_check_hint(&c, write_again);
		return;
	}
	assert_string_equal(c.kind, "tar");
	if (e < 0)
		fail_msg("%s", case_printed(&err));
	describe_tar(fd, &got);
	assert_string_equal(got.data, c.expected);
	assert_repeats(&r, &r.overlays.item[0], fd);
}

int main(void)
{
	return case_run_all("overlay cases", "tests/cases/overlay/*.case", 30, run_case);
}
