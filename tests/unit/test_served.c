/* SPDX-License-Identifier: MIT */
/* What QEMU's own TFTP server would give to a client, which follows every link. */
#include "unit.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

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

/* openat2(2) fails like that for this process from now on. */
static void forbid_openat2(int error)
{
	struct sock_filter row[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { ARRAY_SIZE(row), row };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0)
		_exit(2);
}

/* A container that forbids the call says nothing against the image. */
static void says_what_is_forbidden(void **state)
{
	static const int errors[] = { ENOSYS, EPERM };
	const struct image i = { .fd = scratch_fd, .path = scratch_path };

	(void)state;
	make_image();
	assert_int_equal(symlinkat("menu/default", scratch_fd, "tftp/default"), 0);
	for (size_t n = 0; n < ARRAY_SIZE(errors); n++) {
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			CLEANUP(err_release) struct err err = { 0 };

			forbid_openat2(errors[n]);
			_exit(served_check(&i, &err) < 0 && err.class == ERR_BUILD &&
					      strstr(err.message, "openat2(2) is needed")
				      ? 0
				      : 1);
		}
		assert_true(pid > 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(serves_what_a_build_makes),
		TEST(serves_nothing_else),
		TEST(is_a_directory_of_the_image),
		TEST(says_what_is_forbidden),
	};

	return cmocka_run_group_tests_name("served", tests, NULL, NULL);
}
