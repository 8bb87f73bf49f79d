/* SPDX-License-Identifier: MIT */
/* At the other end of the port is a real sh(1), or the test itself. */
#include "unit.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/memory.h"
#include "lab/shell.h"

#define PATIENCE_MS 20000

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

/* Opens the port; *ret_peer is the machine's end. */
static void open_port(struct shell *s, int *ret_peer)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *path = xasprintf("%s/port", scratch_path);
	int listener = listen_at(path);

	assert_int_equal(shell_open(s, path, &err), 0);
	*ret_peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(*ret_peer >= 0);
	assert_int_equal(close(listener), 0);
}

static pid_t open_sh(struct shell *s)
{
	CLEANUP(err_release) struct err err = { 0 };
	int peer;
	pid_t pid;

	open_port(s, &peer);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)alarm(60);
		for (int fd = 0; fd < 3; fd++)
			(void)dup2(peer, fd);
		(void)execl("/bin/sh", "sh", NULL);
		_exit(127);
	}
	assert_int_equal(close(peer), 0);
	assert_int_equal(shell_set_up(s, &err), 0);
	return pid;
}

static void end_sh(struct shell *s, pid_t pid)
{
	shell_release(s);
	(void)kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* The script's output; fails if it does not end. */
static char *answer(struct shell *s, int *ret_status)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text output = { 0 };
	struct pollfd watch = { .fd = s->fd, .events = POLLIN };
	bool ended = false;

	while (!ended) {
		assert_int_equal(shell_poll(s, &ended, &output, ret_status, &err), 0);
		if (!ended)
			assert_int_equal(poll(&watch, 1, PATIENCE_MS), 1);
	}
	assert_false(s->busy);
	return output.data ? text_take(&output) : xstrdup("");
}

static void runs_scripts(void **state)
{
	static const struct {
		const char *script, *output;
		int status;
	} cases[] = {
		{ "echo one", "one", 0 },
		{ "echo one; echo two >&2; exit 3", "one\ntwo", 3 },
		{ "printf 'no newline'", "no newline", 0 },
		{ "printf 'two at the end\\n\\n'", "two at the end\n", 0 },
		{ "true", "", 0 },
		{ "false", "", 1 },
		{ "kill -KILL $$", "Killed", 137 },
		{ "echo \"it's $(echo 'quoted')\" '\\' \"$#\"", "it's quoted \\ 0", 0 },
		{ "cat", "", 0 },
		{ "echo @end; echo @begin1; echo @end9 0", "@end\n@begin1\n@end9 0", 0 },
		{ "# a script\nfor i in 1 2; do\n\techo \"$i\"\ndone\n", "1\n2", 0 },
		{ "printf '\\n'", "", 0 },
	};
	struct shell s = SHELL_INIT;
	pid_t pid;

	(void)state;
	pid = open_sh(&s);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(err_release) struct err err = { 0 };
		cleanup_free char *output = NULL;
		int status = -1;

		assert_int_equal(shell_begin(&s, cases[i].script, &err), 0);
		assert_true(s.busy);
		output = answer(&s, &status);
		if (cases[i].status != 137)
			assert_string_equal(output, cases[i].output);
		assert_int_equal(status, cases[i].status);
	}
	end_sh(&s, pid);
}

static void takes_much(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text script = { 0 };
	cleanup_free char *output = NULL;
	struct shell s = SHELL_INIT;
	int status = -1;
	pid_t pid;

	(void)state;
	/* Many lines are fine: none of them is long. */
	for (int i = 0; i < 1000; i++)
		text_printf(&script, "# line %d of many that say nothing at all\n", i);
	text_add(&script, "i=0; while [ $i -lt 50000 ]; do echo line $i; i=$((i+1)); done");
	pid = open_sh(&s);
	assert_int_equal(shell_begin(&s, script.data, &err), 0);
	output = answer(&s, &status);
	assert_int_equal(status, 0);
	assert_true(starts_with(output, "line 0\nline 1\n"));
	assert_true(ends_with(output, "\nline 49999"));
	end_sh(&s, pid);
}

static void refuses_long_lines(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(shell_release) struct shell s = SHELL_INIT;
	CLEANUP(text_release) struct text script = { 0 };
	char byte;
	int peer;

	(void)state;
	open_port(&s, &peer);
	text_add(&script, "echo ");
	for (int i = 0; i < 4000; i++)
		text_add(&script, "x");
	assert_true(shell_begin(&s, script.data, &err) < 0);
	assert_int_equal(err.class, ERR_BOOT);
	assert_int_equal(recv(peer, &byte, 1, MSG_DONTWAIT), -1);
	assert_int_equal(close(peer), 0);
}

/* A terminal that echoes what it is sent, and an answer that comes byte by byte. */
static void reads_in_pieces(void **state)
{
	static const char rest[] = "\n@begin1\nwords\n\n@end1 4\n";
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(shell_release) struct shell s = SHELL_INIT;
	CLEANUP(text_release) struct text output = { 0 };
	char heard[1024];
	bool ended = false;
	int peer, status = -1;
	ssize_t n;

	(void)state;
	open_port(&s, &peer);
	assert_int_equal(shell_begin(&s, "echo words", &err), 0);
	n = read(peer, heard, sizeof(heard));
	assert_true(n > 0);
	assert_int_equal(write(peer, heard, (size_t)n), n);
	for (const char *p = rest; *p; p++) {
		assert_int_equal(shell_poll(&s, &ended, &output, &status, &err), 0);
		assert_false(ended);
		assert_int_equal(write(peer, p, 1), 1);
	}
	assert_int_equal(shell_poll(&s, &ended, &output, &status, &err), 0);
	assert_true(ended);
	assert_string_equal(output.data, "words");
	assert_int_equal(status, 4);
	assert_int_equal(close(peer), 0);
}

static void hears_words(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(shell_release) struct shell s = SHELL_INIT;
	bool is = true;
	int peer;

	(void)state;
	open_port(&s, &peer);
	assert_int_equal(shell_received(&s, "/dev/tty1", &is, &err), 0);
	assert_false(is);
	assert_int_equal(write(peer, "/dev/t", 6), 6);
	assert_int_equal(shell_received(&s, "/dev/tty1", &is, &err), 0);
	assert_false(is);
	assert_int_equal(write(peer, "ty1\r\n", 5), 5);
	assert_int_equal(shell_received(&s, "/dev/tty1", &is, &err), 0);
	assert_true(is);
	assert_int_equal(close(peer), 0);
}

static void says_why_not(void **state)
{
	CLEANUP(err_release) struct err err = { 0 }, longer = { 0 };
	CLEANUP(text_release) struct text path = { 0 };
	struct shell s = SHELL_INIT;

	(void)state;
	text_printf(&path, "%s/nobody", scratch_path);
	assert_true(shell_open(&s, path.data, &err) < 0);
	assert_non_null(strstr(err.message, "/nobody'"));
	for (int i = 0; i < 100; i++)
		text_add(&path, "/x");
	assert_true(shell_open(&s, path.data, &longer) < 0);
	assert_non_null(strstr(longer.message, "too long"));
	assert_int_equal(s.fd, -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(runs_scripts),    TEST(takes_much),  TEST(refuses_long_lines),
		TEST(reads_in_pieces), TEST(hears_words), TEST(says_why_not),
	};

	return cmocka_run_group_tests_name("shell", tests, NULL, NULL);
}
