/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/err-report.h"
#include "base/err.h"
#include "base/err-line.h"
#include "base/interrupt.h"
#include "base/memory.h"

/* What err_print writes. */
static char *printed(const struct err *err)
{
	char *data = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&data, &size);

	assert_non_null(stream);
	err_print(err, stream);
	assert_int_equal(fclose(stream), 0);
	return data;
}

static void assert_printed(const struct err *err, const char *expected)
{
	cleanup_free char *got = printed(err);

	assert_string_equal(got, expected);
}

static void first_failure_is_the_story(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	assert_int_equal(err_set(&err, ERR_TRUST, "hash of '%s' is wrong", "x"), -EIO);
	assert_int_equal(err_errno(&err, ERR_BUILD, ENOENT, "second"), -EIO);
	assert_int_equal(err_set(&err, ERR_USAGE, "third"), -EIO);
	assert_int_equal(err_at(&err, ERR_USAGE, "f", 1, 1, "fourth"), -EIO);
	assert_int_equal(err.class, ERR_TRUST);
	assert_int_equal(err.errnum, 0);
	assert_printed(&err, "netrescue: error: hash of 'x' is wrong\n");
}

static void travels_whole_as_a_line(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(err_release) struct err back = { 0 };
	CLEANUP(text_release) struct text line = { 0 };

	(void)state;
	err_errno(&err, ERR_TRUST, ENOENT, "a\tb\nc\\n");
	err_hint(&err, "do\nthis");
	err.file = xstrdup("x.yaml");
	err.line = 3;
	err.column = 5;
	err.line_hidden = true;
	err_to_line(&err, &line);
	assert_null(strchr(line.data, '\n'));
	assert_int_equal(err_from_line(line.data, &back), -ENOENT);
	assert_int_equal(back.class, ERR_TRUST);
	assert_string_equal(back.message, err.message);
	assert_string_equal(back.hint, "do\nthis");
	assert_string_equal(back.file, "x.yaml");
	assert_int_equal(back.line, 3);
	assert_int_equal(back.column, 5);
	assert_true(back.line_hidden);
}

static void a_bad_line_is_an_error_too(void **state)
{
	static const char *const bad[] = {
		"",
		"1\t0\tmessage",
		"0\t0\tno class\t\t\t0\t0\t0",
		"99\t0\tno such class\t\t\t0\t0\t0",
		"1\t5000\tno such errno\t\t\t0\t0\t0",
		"1\t0\t\tno message\t\t0\t0\t0",
		"1\t0\twrong \\x escape\t\t\t0\t0\t0",
		"1\t0\thidden twice\t\t\t0\t0\t2",
		"1\t0\tone too many\t\t\t0\t0\t0\t",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP(err_release) struct err err = { 0 };

		assert_true(err_from_line(bad[i], &err) < 0);
		assert_int_equal(err.class, ERR_BUILD);
		assert_non_null(strstr(err.message, "did not say how"));
	}
}

static void errno_value_survives_wrapping(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	assert_int_equal(err_errno(&err, ERR_BUILD, ENOENT, "cannot open '%s'", "a"), -ENOENT);
	assert_int_equal(err_wrap(&err, "reading suite '%s'", "trixie"), -ENOENT);
	assert_int_equal(err_hint(&err, "first %d", 1), -ENOENT);
	assert_int_equal(err_hint(&err, "second"), -ENOENT);
	assert_printed(&err, "netrescue: error: reading suite 'trixie': cannot open 'a': "
			     "No such file or directory\nhint: first 1\n");
	err_release(&err);
	assert_null(err.message);
	assert_int_equal(err.class, ERR_NONE);
	assert_printed(&err, "");
}

static void unknown_errno_and_full_disk(void **state)
{
	CLEANUP(err_release) struct err unknown = { 0 };
	CLEANUP(err_release) struct err full = { 0 };

	(void)state;
	assert_int_equal(err_errno(&unknown, ERR_BUILD, 4000, "x"), -4000);
	assert_string_equal(unknown.message, "x: error number 4000");
	assert_int_equal(err_errno(&full, ERR_BUILD, ENOSPC, "x"), -ENOSPC);
	assert_non_null(full.hint);
}

static void excerpt_and_caret(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *file = NULL;
	cleanup_free char *expected = NULL;

	(void)state;
	scratch_file("r.yaml", "name: x\npackages:\n\t- \xc3\xa4 tcpdmp\n");
	file = xasprintf("%s/r.yaml", scratch_path);
	assert_int_equal(err_at(&err, ERR_USAGE, file, 3, 6, "no package '%s'", "tcpdmp"), -EIO);
	(void)err_hint(&err, "did you mean 'tcpdump'?");
	expected = xasprintf("%s:3:6: error: no package 'tcpdmp'\n"
			     "    3 |  - \xc3\xa4 tcpdmp\n"
			     "      |      ^\n"
			     "hint: did you mean 'tcpdump'?\n",
			     file);
	assert_printed(&err, expected);
}

/* The line is read when the error is printed, so that whoever sets it needs no files; one that
 * holds a secret stays hidden. */
static void the_line_is_read_late_and_can_be_hidden(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *file = xasprintf("%s/r.yaml", scratch_path);
	cleanup_free char *shown = xasprintf("%s:1:1: error: m\n    1 | late\n      | ^\n", file);
	cleanup_free char *hidden = xasprintf("%s:1:1: error: m\n", file);

	(void)state;
	(void)err_at(&err, ERR_USAGE, file, 1, 1, "m");
	scratch_file("r.yaml", "late\n");
	assert_printed(&err, shown);
	err_hide_line(&err);
	assert_printed(&err, hidden);
}

/* What was read is quoted, whatever the file's name leads to by now. */
static void a_text_that_is_kept_is_quoted(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *file = xasprintf("%s/r.yaml", scratch_path);
	cleanup_free char *first = xasprintf("%s:2:1: error: m\n    2 | read\n      | ^\n", file);
	cleanup_free char *second = xasprintf("%s:2:1: error: m\n    2 | again\n      | ^\n", file);

	(void)state;
	(void)err_at(&err, ERR_USAGE, file, 2, 1, "m");
	err_remember(file, "what was\nread\n");
	assert_int_equal(symlinkat("/etc/passwd", scratch_fd, "r.yaml"), 0);
	assert_printed(&err, first);
	err_remember(file, "what was\nagain");
	assert_printed(&err, second);
}

static void moving_keeps_everything(void **state)
{
	CLEANUP(err_release) struct err from = { 0 };
	CLEANUP(err_release) struct err to = { 0 };

	(void)state;
	(void)err_errno(&from, ERR_NETWORK, ENOENT, "m");
	(void)err_hint(&from, "h");
	assert_int_equal(err_value(&from), -ENOENT);
	assert_int_equal(err_move(&to, &from), -ENOENT);
	assert_int_equal(from.class, ERR_NONE);
	assert_null(from.message);
	assert_int_equal(to.class, ERR_NETWORK);
	assert_printed(&to, "netrescue: error: m: No such file or directory\nhint: h\n");
}

static void positions_without_excerpt(void **state)
{
	static const struct {
		const char *file;
		unsigned line, column;
		const char *expected;
	} row[] = {
		{ "/nonexistent/r.yaml", 3, 5, "/nonexistent/r.yaml:3:5: error: m\n" },
		{ "/nonexistent/r.yaml", 3, 0, "/nonexistent/r.yaml:3: error: m\n" },
		{ "/nonexistent/r.yaml", 0, 0, "/nonexistent/r.yaml: error: m\n" },
		/* A directory and a device must neither fail nor block. */
		{ "/tmp", 1, 1, "/tmp:1:1: error: m\n" },
		{ "/dev/zero", 1, 1, "/dev/zero:1:1: error: m\n" },
		/* Beyond the end of the file. */
		{ "/proc/self/comm", 99, 1, "/proc/self/comm:99:1: error: m\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		CLEANUP(err_release) struct err err = { 0 };

		(void)err_at(&err, ERR_USAGE, row[i].file, row[i].line, row[i].column, "m");
		assert_printed(&err, row[i].expected);
	}
}

static void data_cannot_forge_messages(void **state)
{
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	(void)err_set(&err, ERR_BUILD, "%s", "a\033[2Jb\rc\nnetrescue: error: forged\n");
	(void)err_hint(&err, "%s", "h\a\xff");
	assert_printed(&err, "netrescue: error: a\\x1b[2Jb\\x0dc\n"
			     "  netrescue: error: forged\nhint: h\\x07\\xff\n");
}

static void exit_codes(void **state)
{
	static const struct {
		enum err_class class;
		int code;
	} row[] = {
		{ ERR_NONE, 0 },    { ERR_BUILD, 1 }, { ERR_USAGE, 2 },		{ ERR_TRUST, 3 },
		{ ERR_NETWORK, 4 }, { ERR_BOOT, 5 },  { ERR_INTERRUPTED, 130 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++)
		assert_int_equal(err_exit_code(&(struct err){ .class = row[i].class }),
				 row[i].code);
}

/* In a process of its own: a pending signal does not go away. */
static void interruption_is_seen_again_and_again(void **state)
{
	pid_t pid = fork();
	int status = 0;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		struct err err = { 0 };

		interrupt_init();
		if (interrupt_fd() < 0 || interrupt_check(&err) != 0 || interrupt_signal() != 0)
			_exit(1);
		(void)raise(SIGTERM);
		if (interrupt_check(&err) >= 0 || err.class != ERR_INTERRUPTED)
			_exit(2);
		err_release(&err);
		if (interrupt_check(&err) >= 0 || interrupt_signal() != SIGTERM)
			_exit(3);
		_exit(err_exit_code(&err));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 128 + SIGTERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_failure_is_the_story),
		cmocka_unit_test(travels_whole_as_a_line),
		cmocka_unit_test(a_bad_line_is_an_error_too),
		cmocka_unit_test(errno_value_survives_wrapping),
		cmocka_unit_test(unknown_errno_and_full_disk),
		cmocka_unit_test_setup_teardown(excerpt_and_caret, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(the_line_is_read_late_and_can_be_hidden,
						scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(a_text_that_is_kept_is_quoted, scratch_setup,
						scratch_teardown),
		cmocka_unit_test(moving_keeps_everything),
		cmocka_unit_test(positions_without_excerpt),
		cmocka_unit_test(data_cannot_forge_messages),
		cmocka_unit_test(exit_codes),
		cmocka_unit_test(interruption_is_seen_again_and_again),
	};

	return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
