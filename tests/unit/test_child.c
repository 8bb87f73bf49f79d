/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/child.h"
#include "base/err-report.h"
#include "base/interrupt.h"
#include "base/io.h"

#define SH(script)                                                                                 \
	(const char *const[])                                                                      \
	{                                                                                          \
		"sh", "-c", script, NULL                                                           \
	}

static void output_and_status(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text out = { 0 };

	(void)state;
	assert_int_equal(
		child_run(&(struct child_options){ .argv = SH("printf 'a\\000b'") }, 3, &out, &err),
		0);
	assert_int_equal(out.length, 3);
	assert_memory_equal(out.data, "a\0b", 4);
	assert_int_equal(child_run(&(struct child_options){ .argv = SH(":") }, 0, &out, &err), 0);
	assert_string_equal(out.data, "");
	assert_int_equal(child_run(&(struct child_options){ .argv = SH("echo x") }, 0, NULL, &err),
			 0);
}

static void assert_fails(const struct child_options *options, const char *message)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text out = { 0 };

	text_add(&out, "untouched");
	assert_true(child_run(options, 3, &out, &err) < 0);
	assert_int_equal(err.class, ERR_BUILD);
	assert_string_equal(err.message, message);
	assert_string_equal(out.data, "untouched");
}

static void failures(void **state)
{
	(void)state;
	assert_fails(&(struct child_options){ .argv = SH("exit 3") }, "'sh' failed: exit status 3");
	assert_fails(&(struct child_options){ .argv = SH("kill -9 $$") },
		     "'sh' failed: killed by signal 9 (Killed)");
	assert_fails(&(struct child_options){ .argv = SH("echo long; exec sleep 100") },
		     "'sh' wrote more than 3 bytes");
	assert_fails(
		&(struct child_options){ .argv = (const char *const[]){ "no-such-program", NULL } },
		"cannot start 'no-such-program': No such file or directory");
	assert_fails(
		&(struct child_options){ .argv = (const char *const[]){ "/etc/passwd", NULL } },
		"cannot start '/etc/passwd': Permission denied");
	assert_fails(
		&(struct child_options){ .argv = SH(":"), .fd = { { 3, 999 } }, .fd_count = 1 },
		"cannot start 'sh': Bad file descriptor");
}

static void assert_output(const struct child_options *options, const char *expected)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text out = { 0 };

	assert_int_equal(child_run(options, 10000, &out, &err), 0);
	assert_string_equal(out.data, expected);
}

static void environment(void **state)
{
	(void)state;
	(void)setenv("NETRESCUE_LEAK", "1", 1);
	assert_output(&(struct child_options){ .argv = SH("env | grep -v -e ^PWD= -e ^_= | "
							  "sed 's/^PATH=.*/PATH/' | sort") },
		      "LC_ALL=C.UTF-8\nPATH\nTZ=UTC\n");
	assert_output(&(struct child_options){ .argv = SH("echo \"$A$NETRESCUE_LEAK$TZ\""),
					       .env = (const char *const[]){ "A=b", NULL } },
		      "b\n");
	assert_output(&(struct child_options){ .argv = SH("cat") }, "");
}

static void descriptors(void **state)
{
	int leak, a[2], b[2];

	(void)state;
	/* Without O_CLOEXEC, as a careless library or our own parent would leave it. */
	leak = open("/dev/null", O_RDONLY); // NOLINT
	assert_true(leak > 2);
	/* ls itself has the directory open, as the last one. */
	assert_output(&(struct child_options){ .argv = SH("ls /proc/self/fd"),
					       .fd = { { 5, leak } },
					       .fd_count = 1 },
		      "0\n1\n2\n3\n5\n");
	/* The two swap numbers: neither may overwrite the other's source. */
	assert_int_equal(pipe2(a, O_CLOEXEC), 0);
	assert_int_equal(pipe2(b, O_CLOEXEC), 0);
	assert_int_equal(write_all(a[1], "A", 1), 0);
	assert_int_equal(write_all(b[1], "B", 1), 0);
	(void)close(a[1]);
	(void)close(b[1]);
	cleanup_free char *script = NULL;
	assert_true(asprintf(&script, "cat <&%d; cat <&%d", a[0], b[0]) > 0);
	assert_output(&(struct child_options){ .argv = (const char *const[]){ "bash", "-c", script,
									      NULL },
					       .fd = { { a[0], b[0] }, { b[0], a[0] } },
					       .fd_count = 2 },
		      "BA");
	/* Ours stay open. */
	assert_true(fcntl(a[0], F_GETFD) >= 0);
	(void)close(a[0]);
	(void)close(b[0]);
	(void)close(leak);
}

static void signals_are_default(void **state)
{
	sigset_t set;

	(void)state;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGUSR1);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	/* 32 and 33 are glibc's own; its posix_spawn leaves them ignored. */
	assert_output(&(struct child_options){ .argv = SH("sed -n -e 's/000000018/000000000/' "
							  "-e '/^Sig[BI]/p' /proc/self/status") },
		      "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
}

/* A daemon that keeps stdout must not keep us. */
static void grandchild_holds_the_pipe(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text out = { 0 };
	uint64_t pid;

	(void)state;
	assert_int_equal(
		child_run(&(struct child_options){ .argv = SH("sleep 300 & printf %d $!") }, 100,
			  &out, &err),
		0);
	assert_int_equal(parse_u64(out.data, &pid), 0);
	assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
}

static void release_kills(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	struct child c = CHILD_INIT;
	pid_t pid;

	(void)state;
	child_release(&c);
	assert_int_equal(
		child_start(&c, &(struct child_options){ .argv = SH("exec sleep 300") }, &err), 0);
	pid = c.pid;
	assert_true(pid > 0);
	assert_int_equal(poll(&(struct pollfd){ .fd = c.pidfd, .events = POLLIN }, 1, 0), 0);
	assert_int_equal(kill(pid, 0), 0);
	child_release(&c);
	assert_int_equal(c.pid, -1);
	assert_int_equal(c.pidfd, -1);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
}

static void waiting(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(child_release) struct child c = CHILD_INIT;
	char buffer[64];
	int status = 0;

	(void)state;
	assert_int_equal(child_start(&c, &(struct child_options){ .argv = SH("exit 4") }, &err), 0);
	assert_int_equal(child_wait(&c, &status, &err), 0);
	assert_string_equal(child_status_text(status, buffer), "exit status 4");
	assert_int_equal(c.pid, -1);
}

static void *send_terminate(int delay_ms)
{
	(void)poll(NULL, 0, delay_ms);
	(void)kill(getppid(), SIGTERM);
	_exit(0);
}

/* In a process of its own, which a signal reaches while it waits for a child that never ends. */
static void interruption(void **state)
{
	pid_t pid = fork();
	int status = 0;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		struct err err = { 0 };
		struct text out = { 0 };

		interrupt_init();
		if (fork() == 0)
			(void)send_terminate(200);
		if (child_run(&(struct child_options){ .argv = SH("exec sleep 300") }, 1, NULL,
			      &err) != -EIO ||
		    err.class != ERR_INTERRUPTED)
			_exit(1);
		err_release(&err);
		if (child_run(&(struct child_options){ .argv = SH("exec sleep 300") }, 1, &out,
			      &err) >= 0 ||
		    err.class != ERR_INTERRUPTED)
			_exit(2);
		_exit(err_exit_code(&err));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 128 + SIGTERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(output_and_status),   cmocka_unit_test(failures),
		cmocka_unit_test(environment),	       cmocka_unit_test(descriptors),
		cmocka_unit_test(signals_are_default), cmocka_unit_test(grandchild_holds_the_pipe),
		cmocka_unit_test(release_kills),       cmocka_unit_test(waiting),
		cmocka_unit_test(interruption),
	};

	return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
