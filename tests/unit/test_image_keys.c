/* SPDX-License-Identifier: MIT */
/* Private keys in a tree and an initrd: which are refused, and what leads to who made them. */
#include "unit.h"

#include "base/io.h"
#include "base/libarchive.h"
#include "base/memory.h"
#include "base/tree.h"
#include "publish/file-origins.h"
#include "publish/result.h"

#define KEY(which)                                                                                 \
	"-----BEGIN PRIVATE KEY-----\n" which "MC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAA\n"             \
	"-----END PRIVATE KEY-----\n"
#define INITRD "tftp/kernel/box/1/initrd.img"

struct entry {
	const char *path, *content;
};

static void write_archive(const char *path, bool initrd, const struct entry *entry, size_t count)
{
	struct archive *a = archive_write_new();
	int fd = openat(scratch_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(initrd ? archive_write_set_format_cpio_newc(a)
				: archive_write_set_format_pax_restricted(a),
			 ARCHIVE_OK);
	assert_int_equal(archive_write_open_fd(a, fd), ARCHIVE_OK);
	for (size_t i = 0; i < count; i++) {
		struct archive_entry *e = archive_entry_new();
		size_t size = strlen(entry[i].content);

		archive_entry_set_pathname(e, entry[i].path);
		archive_entry_set_filetype(e, S_IFREG);
		archive_entry_set_perm(e, 0600);
		archive_entry_set_size(e, (la_int64_t)size);
		assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
		assert_int_equal(archive_write_data(a, entry[i].content, size), size);
		archive_entry_free(e);
	}
	assert_int_equal(archive_write_free(a), ARCHIVE_OK);
	(void)close(fd);
}

/* The tree of every test: each way in which a file may have come. */
static const struct entry tree[] = {
	{ "etc/named/a.pem", KEY("a") },
	{ "etc/own/b.pem", KEY("b") },
	{ "etc/far/c.pem", KEY("c") },
	{ "etc/overlay/d.pem", KEY("d") },
	{ "etc/harmless", "no key\n" },
	{ "var/lib/dpkg/info/libnamed1:amd64.postinst", "openssl genpkey > /etc/named/a.pem\n" },
	{ "var/lib/dpkg/info/other.postinst", "cat /etc/named/a.pem.old my-c.pem\n" },
	{ "var/lib/dpkg/info/owner1.5.list", "/etc\n/etc/own\n" },
	{ "var/lib/dpkg/info/other.list", "/etc\n/etc/far\n" },
	{ "var/lib/dpkg/info/third.list", "/etc\n/etc/far\n" },
};

static struct recipe_identity identity[] = {
	{ .path = (char[]){ "/etc/[no]*/*.pem" }, .action = IDENTITY_KEEP },
	{ .path = (char[]){ "/etc/far" }, .action = IDENTITY_KEEP },
	{ .path = (char[]){ "/conf/kept.pem" }, .action = IDENTITY_KEEP },
};

/* Checks the tree above with this initrd and the first `kept` entries of the recipe; the caller
 * releases the error. */
static int check(const struct entry *initrd, size_t count, size_t kept, struct err *err)
{
	struct recipe recipe = { .name = (char[]){ "box" },
				 .identity = identity,
				 .identity_count = kept };
	struct file_log log = { 0 };
	const struct packages packages = { 0 };
	CLEANUP(file_origins_release) struct file_origins origins = { 0 };
	struct result res = { .recipe = &recipe,
			      .version = (char[]){ "1" },
			      .kernels = { .item = (char *[]){ (char[]){ "6.1" } }, .count = 1 },
			      .dir_fd = scratch_fd,
			      .origins = &origins };
	cleanup_fd int fd = -1;
	int r;

	assert_int_equal(make_dirs(scratch_fd, "tftp/kernel/box/1", 0755, err), 0);
	write_archive("rootfs.tar", false, tree, ARRAY_SIZE(tree));
	write_archive(INITRD, true, initrd, count);
	file_log_add(&log, "etc/overlay/d.pem", "overlay 'site'");
	fd = openat(scratch_fd, "rootfs.tar", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(file_origins_read(fd, &packages, &log, &origins, err), 0);
	r = result_check_keys(&res, err);
	file_log_release(&log);
	return r;
}

static void keys_of_scripts_are_refused(void **state)
{
	static const struct entry initrd[] = { { "init", "#!/bin/sh\n" } };
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	assert_true(check(initrd, 1, 0, &err) < 0);
	assert_string_equal(err.message,
			    "the image, which everybody who can boot it can read, holds private "
			    "keys:\n"
			    "/etc/far/c.pem (PEM)\n"
			    "/etc/named/a.pem (PEM, named by a script of libnamed1)\n"
			    "/etc/own/b.pem (PEM, in a directory of owner1.5)");
	assert_non_null(strstr(err.hint, "{path: /etc/far/c.pem, do: remove}"));
}

static void what_the_recipe_keeps_is_not(void **state)
{
	static const struct entry initrd[] = { { "init", "#!/bin/sh\n" } };
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	assert_true(check(initrd, 1, 1, &err) < 0);
	assert_null(strstr(err.message, "/etc/named/"));
	assert_non_null(strstr(err.message, "/etc/far/c.pem"));
	err_release(&err);
	assert_int_equal(check(initrd, 1, 2, &err), 0);
}

static void keys_in_the_initrd_are_refused(void **state)
{
	static const struct entry initrd[] = {
		{ "conf/laid.pem", KEY("d") }, /* the overlay's, copied by a hook */
		{ "conf/kept.pem", KEY("e") },
		{ "conf/made.pem", KEY("f") },
	};
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	assert_true(check(initrd, 3, 3, &err) < 0);
	assert_string_equal(err.message,
			    "the initrd, which everybody who can boot it can read, holds a private "
			    "key:\n"
			    "/conf/made.pem (PEM)");
	assert_non_null(strstr(err.hint, "{path: /conf/made.pem, do: keep}"));
	err_release(&err);
	assert_int_equal(check(initrd, 2, 3, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keys_of_scripts_are_refused, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(what_the_recipe_keeps_is_not, scratch_setup,
						scratch_teardown),
		cmocka_unit_test_setup_teardown(keys_in_the_initrd_are_refused, scratch_setup,
						scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
