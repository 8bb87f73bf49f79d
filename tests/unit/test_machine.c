/* SPDX-License-Identifier: MIT */
/* A real QEMU whose processor never runs: how it is started, and that it never outlives us. */
#include "unit.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/io.h"
#include "base/memory.h"
#include "lab/machine.h"

/* QEMU's start; ends take milliseconds. */
#define PATIENCE_MS 30000

static void need_qemu(void)
{
	CLEANUP(err_release) struct err err = { 0 };

	if (machine_available(&err) < 0)
		skip();
}

static int start(struct machine *m, const char *more, struct err *err)
{
	CLEANUP(strv_release) struct strv v = { 0 };

	strv_split(&v, "-S -machine pc -m 16 -display none", " ");
	strv_split(&v, more, " ");
	return machine_start(m, scratch_path, "idle", ACCEL_TCG, &v, err);
}

static void runs_and_ends(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	struct machine m = MACHINE_INIT;
	cleanup_free char *console = NULL;
	pid_t pid;

	(void)state;
	need_qemu();
	assert_int_equal(start(&m, "", &err), 0);
	console = xasprintf("%s/idle.console", scratch_path);
	assert_int_equal(access(console, R_OK), 0);
	assert_int_equal(machine_poll(&m, &err), 0);
	pid = m.child.pid;
	machine_release(&m);
	assert_int_equal(kill(pid, 0), -1);
}

/* The line `name: value` of QEMU's /proc/PID/status. */
static long status_of(pid_t pid, const char *name)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text t = { 0 };
	cleanup_free char *path = xasprintf("/proc/%d/status", (int)pid);
	cleanup_free char *words = xasprintf("\n%s:", name);
	const char *place;

	assert_int_equal(read_file(AT_FDCWD, path, 65536, &t, &err), 0);
	place = strstr(t.data, words);
	assert_non_null(place);
	return strtol(place + strlen(words), NULL, 10);
}

#define SECCOMP_FILTER 2 /* proc(5) */

/* Whoever gets out of the machine into QEMU finds a filter of system calls there. */
static void is_shut_in(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(machine_release) struct machine m = MACHINE_INIT;

	(void)state;
	need_qemu();
	assert_int_equal(start(&m, "", &err), 0);
	assert_int_equal(status_of(m.child.pid, "Seccomp"), SECCOMP_FILTER);
	assert_int_equal(status_of(m.child.pid, "NoNewPrivs"), 1);
}

/* A person may choose another. */
static void is_shut_in_as_asked(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(machine_release) struct machine m = MACHINE_INIT;

	(void)state;
	need_qemu();
	assert_int_equal(start(&m, "-sandbox off", &err), 0);
	assert_int_equal(status_of(m.child.pid, "Seccomp"), 0);
}

static void says_what_qemu_said(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(machine_release) struct machine m = MACHINE_INIT;

	(void)state;
	need_qemu();
	assert_true(start(&m, "-no-such-option", &err) < 0);
	assert_int_equal(err.class, ERR_BOOT);
	assert_non_null(strstr(err.message, "the lab's idle, has ended (exit status 1)"));
	assert_non_null(strstr(err.message, "no-such-option"));
}

static void notices_its_death(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(machine_release) struct machine m = MACHINE_INIT;
	int r = 0;

	(void)state;
	need_qemu();
	assert_int_equal(start(&m, "", &err), 0);
	assert_int_equal(kill(m.child.pid, SIGKILL), 0);
	for (int i = 0; r == 0 && i < PATIENCE_MS / 10; i++) {
		r = machine_poll(&m, &err);
		if (r == 0)
			r = qmp_pause(m.qmp, 10, &err);
	}
	assert_true(r < 0);
	assert_non_null(strstr(err.message, "killed by signal 9"));
}

/* A process that has a machine and does nothing more; tells QEMU's pid. */
static pid_t start_owner(pid_t *ret_qemu)
{
	CLEANUP(err_release) struct err err = { 0 };
	struct machine m = MACHINE_INIT;
	int line[2];
	pid_t owner;

	assert_int_equal(pipe2(line, O_CLOEXEC), 0);
	owner = fork();
	assert_true(owner >= 0);
	if (owner == 0) {
		(void)alarm(60);
		if (start(&m, "", &err) < 0 ||
		    write(line[1], &m.child.pid, sizeof(pid_t)) != sizeof(pid_t))
			_exit(1);
		for (;;)
			(void)pause();
	}
	assert_int_equal(close(line[1]), 0);
	assert_int_equal(read(line[0], ret_qemu, sizeof(pid_t)), sizeof(pid_t));
	assert_int_equal(close(line[0]), 0);
	return owner;
}

static void never_outlives_its_owner(void **state)
{
	struct pollfd watch = { .events = POLLIN };
	pid_t owner, qemu = 0;
	int ended;

	(void)state;
	need_qemu();
	owner = start_owner(&qemu);
	watch.fd = (int)syscall(SYS_pidfd_open, qemu, 0);
	assert_true(watch.fd >= 0);
	assert_int_equal(poll(&watch, 1, 0), 0);
	assert_int_equal(kill(owner, SIGKILL), 0);
	assert_int_equal(waitpid(owner, NULL, 0), owner);
	ended = poll(&watch, 1, PATIENCE_MS);
	if (ended != 1)
		(void)kill(qemu, SIGKILL);
	assert_int_equal(ended, 1);
	assert_int_equal(close(watch.fd), 0);
}

static void doubles_commas(void **state)
{
	cleanup_free char *path = qemu_path("/a,b/,,c");

	(void)state;
	assert_string_equal(path, "/a,,b/,,,,c");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(runs_and_ends),	   TEST(is_shut_in),	    TEST(is_shut_in_as_asked),
		TEST(says_what_qemu_said), TEST(notices_its_death), TEST(never_outlives_its_owner),
		TEST(doubles_commas),
	};

	return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
