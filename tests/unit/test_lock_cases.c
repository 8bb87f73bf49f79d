/* SPDX-License-Identifier: MIT */
/*
 * tests/cases/lock: `=== file x.lock`, and `=== version` with what lock_version() says of it, or
 * `=== error` with what is printed. @NOEOL@ at the end of a file takes the newline away.
 */
#include "case.h"

#include "archive/lock.h"
#include "base/err-report.h"

#define NO_NEWLINE "@NOEOL@\n"

static void take_newline_away(const char *path)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text text = { 0 };

	assert_int_equal(read_file(AT_FDCWD, path, 1024 * 1024, &text, &err), 0);
	if (text.length >= strlen(NO_NEWLINE) && ends_with(text.data, NO_NEWLINE))
		assert_int_equal(truncate(path, (off_t)(text.length - strlen(NO_NEWLINE))), 0);
}

static void run_case(void **state)
{
	const char *path_of_case = *state;
	CLEANUP(case_release) struct test_case c = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(lock_release) struct lock lock = { 0 };
	CLEANUP(text_release) struct text text = { 0 };
	cleanup_free char *path = NULL;
	cleanup_free char *got = NULL;
	int r;

	case_read(path_of_case, &c);
	path = xasprintf("%s/x.lock", scratch_path);
	take_newline_away(path);
	r = lock_read(path, &lock, &err);
	if (streq(c.kind, "error")) {
		got = case_printed(&err);
		assert_string_equal(got, c.expected);
		assert_true(r < 0);
		assert_int_equal(err_exit_code(&err), 3);
		return;
	}
	assert_string_equal(c.kind, "version");
	if (r < 0)
		fail_msg("%s", case_printed(&err));
	cleanup_free char *version = lock_version(&lock);
	got = xasprintf("%s\n", version);
	assert_string_equal(got, c.expected);
	cleanup_free char *again = lock_text(&lock);
	assert_int_equal(read_file(AT_FDCWD, path, 1024 * 1024, &text, &err), 0);
	assert_string_equal(again, text.data);
}

int main(void)
{
	return case_run_all("lock cases", "tests/cases/lock/*.case", 54, run_case);
}
