/* SPDX-License-Identifier: MIT */
#include "qemu.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include "base/child.h"
#include "base/err-report.h"
#include "base/interrupt.h"
#include "base/io.h"

#define OK(value) "{\"return\": " value ", \"id\": @ID@}"

/* Runs a part against one command; it fails with the message. */
static void assert_fails(const char *const *part, const char *message)
{
	CLEANUP(err_release) struct err err = { 0 };
	struct qmp *q = qemu_begin(part);
	json_t *value = NULL;

	assert_true(qmp_execute(q, "query-status", NULL, &value, &err) < 0);
	assert_null(value);
	assert_int_equal(err.class, ERR_BOOT);
	assert_string_equal(err.message, message);
	qemu_end(q);
}

static void commands(void **state)
{
	static const char *const part[] = { QEMU_BEGIN, "< {\"execute\":\"query-status\",\"id\":2}",
					    OK("{\"status\": \"running\"}"),
					    "< \"arguments\":{\"a\":\"b\"}",
					    /* an answer that is nobody's */
					    "{\"return\": {\"late\": 1}, \"id\": 1}", OK("[5]"),
					    NULL };
	CLEANUP(err_release) struct err err = { 0 };
	struct qmp *q = qemu_begin(part);
	json_t *value = NULL;

	(void)state;
	assert_int_equal(qmp_execute(q, "query-status", NULL, &value, &err), 0);
	assert_string_equal(json_string_value(json_object_get(value, "status")), "running");
	json_decref(value);
	assert_int_equal(qmp_execute(q, "something", json_pack("{s:s}", "a", "b"), &value, &err),
			 0);
	assert_int_equal(json_integer_value(json_array_get(value, 0)), 5);
	json_decref(value);
	qemu_end(q);
}

static void refusals(void **state)
{
	static const char *const refused[] = {
		QEMU_BEGIN, "< query-status",
		"{\"error\": {\"class\": \"GenericError\", \"desc\": \"Not now\"}, \"id\": @ID@}",
		NULL
	};
	static const char *const mute[] = { QEMU_BEGIN, "< query-status", "{\"id\": @ID@}", NULL };
	static const char *const ended[] = { QEMU_BEGIN, "< query-status", NULL };
	static const char *const other[] = { QEMU_BEGIN, "< query-status", "Segmentation fault",
					     NULL };
	static const char *const array[] = { QEMU_BEGIN, "< query-status", "[1]", NULL };

	(void)state;
	assert_fails(refused, "QEMU refuses 'query-status': Not now");
	assert_fails(mute, "QEMU refuses 'query-status': it gives no reason");
	assert_fails(ended, "QEMU's command 'query-status': QEMU has ended before its answer");
	assert_fails(
		other,
		"QEMU's command 'query-status': waiting for its answer: QEMU sent something that "
		"is not QMP: 'Segmentation fault\r'");
	assert_fails(
		array,
		"QEMU's command 'query-status': waiting for its answer: QEMU sent something that "
		"is not QMP: '[1]\r'");
}

/* In the middle of an answer, twice the same, without data. */
static void events(void **state)
{
	static const char *const part[] = {
		QEMU_BEGIN,
		"< query-status",
		"{\"timestamp\": {\"seconds\": 1}, \"event\": \"RESET\", \"data\": {\"n\": 1}}",
		"{\"timestamp\": {\"seconds\": 2}, \"event\": \"RESET\", \"data\": {\"n\": 2}}",
		OK("{}"),
		"{\"timestamp\": {\"seconds\": 3}, \"event\": \"POWERDOWN\"}",
		NULL
	};
	CLEANUP(err_release) struct err err = { 0 };
	struct qmp *q = qemu_begin(part);

	(void)state;
	assert_null(qmp_event(q, "RESET"));
	assert_int_equal(qmp_execute(q, "query-status", NULL, NULL, &err), 0);
	assert_int_equal(json_integer_value(json_object_get(qmp_event(q, "RESET"), "n")), 2);
	/* Ends early: with QEMU. */
	assert_int_equal(qmp_pause(q, 30000, &err), 0);
	assert_true(qmp_has_ended(q));
	assert_true(json_is_object(qmp_event(q, "POWERDOWN")));
	assert_null(qmp_event(q, "SHUTDOWN"));
	/* Nothing to do, and nothing to ask. */
	assert_int_equal(qmp_read(q, &err), 0);
	assert_true(qmp_execute(q, "query-status", NULL, NULL, &err) < 0);
	assert_string_equal(err.message, "QEMU's command 'query-status': QEMU has ended");
	qemu_end(q);
}

/* QEMU's end in the next test: as much as is asked for, each time. */
static bool is_endless;

ssize_t recv(int fd, void *buffer, size_t size, int flags)
{
	static const char event[] = "{\"event\": \"WAKEUP\"}\r\n";
	size_t length = sizeof(event) - 1, n = 0;

	if (!is_endless)
		return recvfrom(fd, buffer, size, flags, NULL, NULL);
	for (; n + length <= size; n += length)
		memcpy((char *)buffer + n, event, length);
	return (ssize_t)n;
}

/* A machine may go to sleep and wake up as often as it likes. */
static void endless_events(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	struct qmp *q = NULL;
	int theirs = -1;

	(void)state;
	assert_int_equal(qmp_new(&q, &theirs, &err), 0);
	assert_int_equal(write(theirs, "x", 1), 1);
	is_endless = true;
	(void)alarm(30);
	assert_int_equal(qmp_pause(q, 100, &err), 0);
	assert_true(qmp_begin(q, 100, &err) < 0);
	assert_string_equal(err.message, "QEMU does not send its greeting");
	(void)alarm(0);
	is_endless = false;
	assert_non_null(qmp_event(q, "WAKEUP"));
	qmp_free(q);
	assert_int_equal(close(theirs), 0);
}

static void no_greeting(void **state)
{
	static const char *const silent[] = { "< never", NULL };
	static const char *const gone[] = { NULL };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(err_release) struct err late = { 0 };
	struct qmp *q = qemu_play(gone);

	(void)state;
	assert_true(qmp_begin(q, 30000, &err) < 0);
	assert_string_equal(err.message, "QEMU has ended before its greeting");
	qemu_end(q);

	q = qemu_play(silent);
	assert_true(qmp_begin(q, 50, &late) < 0);
	assert_string_equal(late.message, "QEMU does not send its greeting");
	assert_int_equal(kill(qemu_player, SIGKILL), 0);
	assert_int_equal(waitpid(qemu_player, NULL, 0), qemu_player);
	qmp_free(q);
}

/* A line without end is not stored for ever. */
static void long_line(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	struct qmp *q = NULL;
	char rubbish[65536];
	int theirs = -1, r = 0;

	(void)state;
	memset(rubbish, '"', sizeof(rubbish));
	assert_int_equal(qmp_new(&q, &theirs, &err), 0);
	for (size_t i = 0; r == 0 && i <= QMP_LINE_MAX / sizeof(rubbish); i++) {
		assert_int_equal(write_all(theirs, rubbish, sizeof(rubbish)), 0);
		r = qmp_read(q, &err);
	}
	assert_true(r < 0);
	assert_string_equal(err.message, "QEMU sent a line of more than 4194304 bytes");
	assert_int_equal(close(theirs), 0);
	qmp_free(q);
}

/* What cannot be in JSON never gets to QEMU. */
static void not_utf8(void **state)
{
	static const char *const part[] = { QEMU_BEGIN, NULL };
	CLEANUP(err_release) struct err err = { 0 };
	struct qmp *q = qemu_begin(part);

	(void)state;
	assert_true(qmp_screenshot(q, "/tmp/\xff.png", &err) < 0);
	assert_string_equal(err.message,
			    "cannot save a screenshot: the name of its file is not UTF-8");
	qemu_end(q);
}

static void memory_and_ports(void **state)
{
	static const char *const part[] = {
		QEMU_BEGIN,
		"< \"xp /10xb 0xb8000\"",
		OK("\"00000000000b8000: 0x48 0x07 0x65 0x07 0x6c 0x07 0x6c 0x07\\r\\n"
		   "00000000000b8008: 0x6f 0x1f\\r\\n\""),
		"< \"xp /2xb 0xb8000\"",
		OK("\"00000000000b8000: 0x48\\r\\n\""),
		"< \"i /xb 0x3d4.0xc\"",
		OK("\"portb[0x03d5] = 0x12\\r\\n\""),
		"< \"o /b 0x3d4 0xff\"",
		OK("\"\""),
		NULL
	};
	CLEANUP(err_release) struct err err = { 0 };
	struct qmp *q = qemu_begin(part);
	uint8_t bytes[10] = { 0 }, value = 0;

	(void)state;
	assert_int_equal(qmp_memory(q, 0xb8000, 10, bytes, &err), 0);
	assert_memory_equal(bytes, "H\7e\7l\7l\7o\37", 10);
	assert_true(qmp_memory(q, 0xb8000, 2, bytes, &err) < 0);
	assert_string_equal(err.message, "QEMU's monitor answers 'xp /2xb 0xb8000' with: "
					 "00000000000b8000: 0x48\r\n");
	err_release(&err);
	assert_int_equal(qmp_port_read(q, 0x3d4, 0x0c, &value, &err), 0);
	assert_int_equal(value, 0x12);
	assert_int_equal(qmp_port_write(q, 0x3d4, 0xff, &err), 0);
	qemu_end(q);
}

/* In a process of its own: the signal ends a wait that nobody else would. */
static void interruption(void **state)
{
	pid_t pid = fork();
	int status = 0;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		struct err err = { 0 };
		struct qmp *q = NULL;
		int theirs = -1;

		interrupt_init();
		if (qmp_new(&q, &theirs, &err) < 0)
			_exit(1);
		if (fork() == 0) {
			(void)poll(NULL, 0, 100);
			(void)kill(getppid(), SIGTERM);
			_exit(0);
		}
		if (qmp_begin(q, 60000, &err) >= 0)
			_exit(2);
		_exit(err_exit_code(&err));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 128 + SIGTERM);
}

/* The real one, with a processor that stands still. */
static void real_qemu(void **state)
{
	static const char *const argv[] = { "qemu-system-x86_64",
					    "-S",
					    "-M",
					    "pc",
					    "-accel",
					    "tcg",
					    "-m",
					    "16",
					    "-display",
					    "none",
					    "-nodefaults",
					    "-device",
					    "VGA",
					    "-chardev",
					    "socket,id=qmp,fd=3",
					    "-mon",
					    "chardev=qmp,mode=control",
					    NULL };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(err_release) struct err late = { 0 };
	CLEANUP(child_release) struct child c = CHILD_INIT;
	struct child_options options = { .argv = argv, .fd_count = 1 };
	struct qmp *q = NULL;
	json_t *status = NULL;
	int theirs = -1, exit_status = -1, r;
	uint8_t reset_vector;
	struct stat st;

	assert_int_equal(qmp_new(&q, &theirs, &err), 0);
	options.fd[0] = (struct child_fd){ 3, theirs };
	r = child_start(&c, &options, &err);
	assert_int_equal(close(theirs), 0);
	if (r < 0 && err.errnum == ENOENT) {
		print_message("# not tried: qemu-system-x86_64 is not installed\n");
		qmp_free(q);
		return;
	}
	assert_int_equal(r, 0);
	assert_int_equal(qmp_begin(q, 60000, &err), 0);
	assert_int_equal(qmp_execute(q, "query-status", NULL, &status, &err), 0);
	assert_true(json_is_false(json_object_get(status, "running")));
	json_decref(status);
	/* A far jump, in every PC since the first. */
	assert_int_equal(qmp_memory(q, 0xffff0, 1, &reset_vector, &err), 0);
	assert_int_equal(reset_vector, 0xea);
	cleanup_free char *path = xasprintf("%s/screen.png", scratch_path);
	assert_int_equal(qmp_screenshot(q, path, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size > 100);
	assert_true(qmp_execute(q, "no-such-command", NULL, NULL, &err) < 0);
	assert_string_equal(err.message, "QEMU refuses 'no-such-command': The command "
					 "no-such-command has not been found");
	err_release(&err);
	assert_null(qmp_event(q, "SHUTDOWN"));
	/* It may end before its answer is out. */
	(void)qmp_execute(q, "quit", NULL, NULL, &late);
	assert_int_equal(qmp_pause(q, 60000, &err), 0);
	assert_true(qmp_has_ended(q));
	assert_string_equal(json_string_value(json_object_get(qmp_event(q, "SHUTDOWN"), "reason")),
			    "host-qmp-quit");
	assert_int_equal(child_wait(&c, &exit_status, &err), 0);
	assert_int_equal(exit_status, 0);
	qmp_free(q);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands),
		cmocka_unit_test(refusals),
		cmocka_unit_test(events),
		cmocka_unit_test(endless_events),
		cmocka_unit_test(no_greeting),
		cmocka_unit_test(long_line),
		cmocka_unit_test(not_utf8),
		cmocka_unit_test(memory_and_ports),
		cmocka_unit_test(interruption),
		cmocka_unit_test_setup_teardown(real_qemu, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests_name("qmp", tests, NULL, NULL);
}
