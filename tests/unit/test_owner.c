/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <errno.h>

#include "base/memory.h"
#include "base/owner.h"
#include "base/temporary-dir.h"
#include "base/text.h"

#define OTHER 12345

static void need_root(void)
{
	if (geteuid() != 0)
		skip();
}

static int open_name(const char *name)
{
	int fd = owner_open_dir(scratch_fd, name);

	if (fd < 0)
		return fd;
	(void)close(fd);
	return 0;
}

static void our_own_links_are_followed(void **state)
{
	(void)state;
	assert_int_equal(mkdirat(scratch_fd, "directory", 0755), 0);
	scratch_file("file", "x");
	assert_int_equal(symlinkat("directory", scratch_fd, "link"), 0);
	assert_int_equal(symlinkat("file", scratch_fd, "to-file"), 0);
	assert_int_equal(symlinkat("nowhere", scratch_fd, "dangling"), 0);
	assert_int_equal(open_name("directory"), 0);
	assert_int_equal(open_name("link"), 0);
	assert_int_equal(open_name("to-file"), -ENOTDIR);
	assert_int_equal(open_name("dangling"), -ENOENT);
	assert_int_equal(open_name("missing"), -ENOENT);
}

static void links_of_others_are_not(void **state)
{
	(void)state;
	need_root();
	assert_int_equal(mkdirat(scratch_fd, "directory", 0755), 0);
	assert_int_equal(symlinkat("directory", scratch_fd, "theirs"), 0);
	assert_int_equal(symlinkat("directory", scratch_fd, "ours"), 0);
	assert_int_equal(fchownat(scratch_fd, "theirs", OTHER, OTHER, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(open_name("theirs"), -ELOOP);
	assert_int_equal(open_name("ours"), 0);
	assert_int_equal(fchmod(scratch_fd, 01777), 0);
	assert_int_equal(open_name("ours"), 0);
	assert_int_equal(fchmod(scratch_fd, 0777), 0);
	assert_int_equal(open_name("ours"), -ELOOP);
	assert_int_equal(fchmod(scratch_fd, 0755), 0);
	/* Its owner may have moved there a link that we made for another place. */
	assert_int_equal(fchown(scratch_fd, OTHER, OTHER), 0);
	assert_int_equal(open_name("ours"), -ELOOP);
	assert_int_equal(open_name("directory"), 0);
}

static void what_we_made_is_known_again(void **state)
{
	cleanup_fd int ours = -1;
	cleanup_fd int theirs = -1;

	(void)state;
	assert_int_equal(mkdirat(scratch_fd, "ours", 0755), 0);
	ours = openat(scratch_fd, "ours", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(owner_check_made(ours), 0);
	need_root();
	assert_int_equal(mkdirat(scratch_fd, "theirs", 0755), 0);
	assert_int_equal(fchownat(scratch_fd, "theirs", OTHER, OTHER, 0), 0);
	theirs = openat(scratch_fd, "theirs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(owner_check_made(theirs), -EPERM);
	assert_int_equal(faccessat(theirs, ".netrescue-probe", F_OK, 0), -1);
}

static int make_temporary(void)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *path = NULL;
	struct stat st;
	int r = temporary_dir(scratch_path, "x.", &path, &err);

	if (r < 0) {
		assert_int_equal(err.class, ERR_USAGE);
		assert_non_null(err.hint);
		return -1;
	}
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	return rmdir(path);
}

static void temporary_directories(void **state)
{
	(void)state;
	assert_int_equal(make_temporary(), 0);
	assert_int_equal(fchmod(scratch_fd, 0777), 0);
	assert_int_equal(make_temporary(), -1);
	assert_int_equal(fchmod(scratch_fd, 01777), 0);
	assert_int_equal(make_temporary(), 0);
	need_root();
	assert_int_equal(fchown(scratch_fd, OTHER, OTHER), 0);
	assert_int_equal(make_temporary(), -1);
}

static int check_fixed(void)
{
	CLEANUP(err_release) struct err err = { 0 };

	return owner_check_place(scratch_path, "a place", OWNER_FIXED_NAMES, &err) < 0 ? -1 : 0;
}

/* Who can foresee a name needs no more than to make a file of it first. */
static void fixed_names(void **state)
{
	(void)state;
	assert_int_equal(check_fixed(), 0);
	assert_int_equal(fchmod(scratch_fd, 0775), 0);
	assert_int_equal(check_fixed(), 0);
	assert_int_equal(fchmod(scratch_fd, 01777), 0);
	assert_int_equal(check_fixed(), -1);
	need_root();
	assert_int_equal(fchown(scratch_fd, 0, OTHER), 0);
	assert_int_equal(fchmod(scratch_fd, 0775), 0);
	assert_int_equal(check_fixed(), -1);
}

#define SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH(our_own_links_are_followed),
		SCRATCH(links_of_others_are_not),
		SCRATCH(what_we_made_is_known_again),
		SCRATCH(temporary_directories),
		SCRATCH(fixed_names),
	};

	return cmocka_run_group_tests_name("owner", tests, NULL, NULL);
}
