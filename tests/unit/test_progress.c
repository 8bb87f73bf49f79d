/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <jansson.h>

#include "base/io.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/text.h"

/* What fn writes to the descriptor, 1 or 2. */
static char *captured(int target, void (*fn)(void))
{
	FILE *stream = target == 1 ? stdout : stderr;
	int saved, fd = openat(scratch_fd, "out", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	static char data[20000];

	assert_true(fd >= 0);
	(void)fflush(stream);
	saved = dup(target);
	assert_true(saved >= 0);
	assert_int_equal(dup2(fd, target), target);
	fn();
	(void)fflush(stream);
	assert_int_equal(dup2(saved, target), target);
	(void)close(saved);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	ssize_t size = read_all(fd, data, sizeof(data) - 1);
	assert_true(size >= 0);
	data[size] = '\0';
	(void)close(fd);
	return data;
}

static void two_stages(void)
{
	progress_start("fetch", 1000, PROGRESS_BYTES);
	for (uint64_t i = 0; i <= 1000; i++) {
		progress_update(i);
		progress_detail("package %d", (int)i);
	}
	progress_end("194 packages, 143 MB");
	progress_start("solve", 0, PROGRESS_STEPS);
	progress_end(NULL);
	/* Strays between stages are nobody's. */
	progress_update(1);
	progress_detail("x");
	progress_end("x");
}

static void replace_times(char *s)
{
	/* (0.0 s) and the like: only the digits differ from run to run. */
	for (char *p = strchr(s, '('); p; p = strchr(p + 1, '('))
		for (char *q = p + 1; *q && *q != ')'; q++)
			if (*q >= '0' && *q <= '9')
				*q = 'N';
}

static void plain(void **state)
{
	(void)state;
	progress_set_mode(PROGRESS_PLAIN);
	char *got = captured(2, two_stages);
	replace_times(got);
	assert_string_equal(got, "fetch: 194 packages, 143 MB (N.N s)\nsolve: (N.N s)\n");
}

static void none(void **state)
{
	(void)state;
	progress_set_mode(PROGRESS_NONE);
	assert_string_equal(captured(2, two_stages), "");
	assert_string_equal(captured(1, two_stages), "");
}

static void terminal(void **state)
{
	(void)state;
	progress_set_mode(PROGRESS_TERMINAL);
	char *got = captured(2, two_stages);
	const char *bar = strstr(got, "\rfetch      [........................]   0 %  "
				      "0 B of 1.0 kB\033[K");
	assert_non_null(bar);
	/* Erased before the line that stays. */
	assert_non_null(strstr(got, "\r\033[Kfetch: 194 packages, 143 MB ("));
	assert_int_equal(got[strlen(got) - 1], '\n');
	/* At most ten redraws a second: the thousand updates took no second. */
	int drawn = 0;
	for (const char *p = got; (p = strstr(p, "\rfetch ")); p++)
		drawn++;
	assert_in_range(drawn, 1, 11);
}

static void interrupted_stage(void)
{
	progress_start("fetch", 10, PROGRESS_STEPS);
	log_warning("mirror %s", "slow\033[2J");
	progress_abort();
	progress_abort();
}

static void warnings_and_the_bar(void **state)
{
	(void)state;
	progress_set_mode(PROGRESS_TERMINAL);
	(void)setenv("NO_COLOR", "1", 1);
	assert_string_equal(captured(2, interrupted_stage),
			    "\rfetch      [........................]   0 %  0 of 10\033[K"
			    "\r\033[Knetrescue: warning: mirror slow\\x1b[2J\n");
}

static void long_detail(void)
{
	progress_start("x", 0, PROGRESS_STEPS);
	usleep(120000);
	progress_detail("\xc3\xa4%0200d", 0);
	progress_abort();
}

static void lines_never_wrap(void **state)
{
	(void)state;
	progress_set_mode(PROGRESS_TERMINAL);
	const char *got = captured(2, long_detail);
	const char *line = strstr(got, "\xc3\xa4");
	assert_non_null(line);
	/* 79 columns, 80 bytes: not a terminal, so 80 columns, and one character has two bytes. */
	line = strrchr(got, '\r') + 1;
	assert_int_equal(strcspn(line, "\033"), 80);
}

static void hostile_stage(void)
{
	progress_start("fe\"tch", 5, PROGRESS_STEPS);
	usleep(120000);
	progress_detail("bad \xff \" bytes");
	progress_update(3);
	progress_end("done\n");
}

static void json(void **state)
{
	static const char *const expected[] = { "start", "progress", "end" };
	CLEANUP(strv_release) struct strv lines = { 0 };

	(void)state;
	progress_set_mode(PROGRESS_JSON);
	strv_split(&lines, captured(1, hostile_stage), "\n");
	assert_int_equal(lines.count, 3);
	for (size_t i = 0; i < lines.count; i++) {
		json_t *o = json_loads(lines.item[i], JSON_REJECT_DUPLICATES, NULL);

		assert_non_null(o);
		assert_string_equal(json_string_value(json_object_get(o, "event")), expected[i]);
		assert_string_equal(json_string_value(json_object_get(o, "stage")), "fe\"tch");
		assert_string_equal(json_string_value(json_object_get(o, "unit")), "steps");
		assert_int_equal(json_integer_value(json_object_get(o, "total")), 5);
		assert_int_equal(json_integer_value(json_object_get(o, "done")), i == 2 ? 3 : 0);
		assert_true(json_is_real(json_object_get(o, "seconds")));
		if (i == 1)
			assert_string_equal(json_string_value(json_object_get(o, "detail")),
					    "bad \\xff \" bytes");
		if (i == 2)
			assert_string_equal(json_string_value(json_object_get(o, "summary")),
					    "done\\x0a");
		json_decref(o);
	}
}

static void talk(void)
{
	log_warning("w");
	log_note("n");
	log_debug("d");
}

static void log_levels(void **state)
{
	(void)state;
	progress_set_mode(PROGRESS_NONE);
	log_set_level(LOG_QUIET);
	assert_string_equal(captured(2, talk), "netrescue: warning: w\n");
	log_set_level(LOG_VERBOSE);
	assert_string_equal(captured(2, talk),
			    "netrescue: warning: w\nnetrescue: n\nnetrescue: debug: d\n");
	log_set_level(LOG_NORMAL);
	assert_string_equal(captured(2, talk), "netrescue: warning: w\nnetrescue: n\n");
}

#define SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCRATCH(plain),
		SCRATCH(none),
		SCRATCH(terminal),
		SCRATCH(warnings_and_the_bar),
		SCRATCH(lines_never_wrap),
		SCRATCH(json),
		SCRATCH(log_levels),
	};

	return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
