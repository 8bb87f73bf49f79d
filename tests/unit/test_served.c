/* SPDX-License-Identifier: MIT */
/* What QEMU's own TFTP server would give to a client, which follows every link. */
#include "unit.h"

#include "base/memory.h"
#include "lab/served.h"

static void make_image(void)
{
	assert_int_equal(mkdirat(scratch_fd, "tftp", 0755), 0);
	assert_int_equal(mkdirat(scratch_fd, "tftp/menu", 0755), 0);
	scratch_file("tftp/menu/default", "DEFAULT x\n");
	scratch_file("secret", "secret\n");
}

static void serves_what_a_build_makes(void **state)
{
	const struct image i = { .fd = scratch_fd, .path = scratch_path };
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	make_image();
	assert_int_equal(symlinkat("menu/default", scratch_fd, "tftp/default"), 0);
	assert_int_equal(symlinkat("../menu/default", scratch_fd, "tftp/menu/again"), 0);
	assert_int_equal(symlinkat("menu", scratch_fd, "tftp/pxelinux.cfg"), 0);
	assert_int_equal(symlinkat("not-there", scratch_fd, "tftp/nothing"), 0);
	assert_int_equal(served_check(&i, &err), 0);
}

static void serves_nothing_else(void **state)
{
	static const struct {
		const char *name, *target, *message;
	} row[] = {
		{ "etc", "/etc", "'tftp/etc' is a link that leads out of tftp/" },
		{ "up", "../secret", "'tftp/up' is a link that leads out of tftp/" },
		{ "proc", "/proc/self/environ", "'tftp/proc' is a link that leads out of tftp/" },
		{ "loop", "loop", "'tftp/loop' is a link that leads out of tftp/" },
		{ "menu/through", "up2/../../secret",
		  "'tftp/menu/through' is a link that leads out" },
		{ "pipe", NULL, "'tftp/pipe' is neither a file nor a directory nor a link" },
	};
	const struct image i = { .fd = scratch_fd, .path = scratch_path };

	(void)state;
	make_image();
	assert_int_equal(symlinkat("..", scratch_fd, "tftp/menu/up2"), 0);
	for (size_t n = 0; n < ARRAY_SIZE(row); n++) {
		CLEANUP(err_release) struct err err = { 0 };
		cleanup_free char *path = xasprintf("tftp/%s", row[n].name);

		assert_int_equal(row[n].target ? symlinkat(row[n].target, scratch_fd, path)
					       : mkfifoat(scratch_fd, path, 0600),
				 0);
		assert_true(served_check(&i, &err) < 0);
		assert_int_equal(err.class, ERR_USAGE);
		assert_non_null(strstr(err.message, row[n].message));
		assert_int_equal(unlinkat(scratch_fd, path, 0), 0);
	}
}

static void is_a_directory_of_the_image(void **state)
{
	const struct image i = { .fd = scratch_fd, .path = scratch_path };
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	assert_int_equal(symlinkat("/etc", scratch_fd, "tftp"), 0);
	assert_true(served_check(&i, &err) < 0);
	assert_non_null(strstr(err.message, "cannot open the directory"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(serves_what_a_build_makes),
		TEST(serves_nothing_else),
		TEST(is_a_directory_of_the_image),
	};

	return cmocka_run_group_tests_name("served", tests, NULL, NULL);
}
