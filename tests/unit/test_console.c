/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "base/memory.h"
#include "lab/console.h"

static void append(const char *path, const char *bytes, size_t size)
{
	int fd = openat(scratch_fd, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	assert_int_equal(close(fd), 0);
}

static void poll_console(struct console *c)
{
	CLEANUP(err_release) struct err err = { 0 };

	assert_int_equal(console_poll(c, &err), 0);
}

static void open_console(struct console *c)
{
	cleanup_free char *path = xasprintf("%s/serial", scratch_path);

	console_init(c, path);
}

/* What a machine says, and what is left of it. */
static const struct {
	const char *said, *text;
} cases[] = {
	{ "plain\r\n", "plain\n" },
	{ "a\tb\ac\b\r\n", "a\tbc\n" },
	{ "\033[31;1mred\033[0m", "red" },
	{ "\033[?25l\033[2Khidden\033[?25h", "hidden" },
	{ "one\033[2;3Htwo\033[10dthree", "one\ntwo\nthree" },
	{ "\033[2J\033[Htitle\033[Bunder", "\ntitle\nunder" },
	{ "\033cfresh\0337\0338", "fresh" },
	{ "\033(Bline\033)0drawn", "linedrawn" },
	{ "\033[38;5;196mdeep\033[1 qcursor", "deepcursor" },
	{ "\033\033[1mtwice", "twice" },
	{ "Prüfung", "Prüfung" },
};

static void drops_sequences(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(console_release) struct console c = { .fd = -1 };

		open_console(&c);
		append("serial", cases[i].said, strlen(cases[i].said));
		poll_console(&c);
		assert_string_equal(c.text.data, cases[i].text);
		assert_int_equal(unlinkat(scratch_fd, "serial", 0), 0);
	}
}

/* A poll may end at any byte. */
static void reads_in_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t size = strlen(cases[i].said);

		for (size_t cut = 1; cut < size; cut++) {
			CLEANUP(console_release) struct console c = { .fd = -1 };

			open_console(&c);
			append("serial", cases[i].said, cut);
			poll_console(&c);
			append("serial", cases[i].said + cut, size - cut);
			poll_console(&c);
			assert_string_equal(c.text.data, cases[i].text);
			assert_int_equal(unlinkat(scratch_fd, "serial", 0), 0);
		}
	}
}

static void waits_for_the_file(void **state)
{
	CLEANUP(console_release) struct console c = { .fd = -1 };
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	open_console(&c);
	poll_console(&c);
	assert_string_equal(c.text.data, "");
	assert_null(console_find(&c, 0, "x"));
	assert_string_equal(console_end(&c, 3), "");
	assert_int_equal(mkdirat(scratch_fd, "serial", 0755), 0);
	assert_true(console_poll(&c, &err) < 0);
	assert_int_equal(err.class, ERR_BOOT);
	assert_non_null(strstr(err.message, "/serial'"));
}

/* Nothing of this is kept as text, but the file grows all the same. */
static void gives_up_on_endless_output(void **state)
{
	CLEANUP(console_release) struct console c = { .fd = -1 };
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	open_console(&c);
	append("serial", "", 0);
	assert_int_equal(truncate(c.path, (off_t)65 << 20), 0);
	assert_true(console_poll(&c, &err) < 0);
	assert_int_equal(err.class, ERR_BOOT);
	assert_non_null(strstr(err.message, "has written more than 67108864 bytes"));
	assert_int_equal(c.text.length, 0);
}

/* What an error quotes is no more than a person reads. */
static void quotes_little_of_an_endless_line(void **state)
{
	CLEANUP(console_release) struct console c = { .fd = -1 };
	cleanup_free char *line = NULL;
	char x[1000];

	(void)state;
	open_console(&c);
	memset(x, 'x', sizeof(x));
	for (int i = 0; i < 20; i++) {
		append("serial", x, sizeof(x));
		if (i == 10)
			append("serial", "here", 4);
	}
	poll_console(&c);
	assert_int_equal(strlen(console_end(&c, 3)), 4000);
	line = console_line(&c, console_find(&c, 0, "here"));
	assert_int_equal(strlen(line), 8000);
}

static void finds(void **state)
{
	static const char said[] = "Linux version 6\nfirst login\nzero \0 byte\nsecond login";
	CLEANUP(console_release) struct console c = { .fd = -1 };
	const char *first;
	size_t from;

	(void)state;
	open_console(&c);
	append("serial", said, sizeof(said) - 1);
	poll_console(&c);
	first = console_find(&c, 0, "login");
	assert_non_null(first);
	assert_memory_equal(first - 6, "first login", 11);
	from = (size_t)(first - c.text.data);
	assert_ptr_equal(console_find(&c, from, "login"), first);
	assert_string_equal(console_find(&c, from + 1, "login"), "login");
	assert_null(console_find(&c, 0, "third"));
	assert_null(console_find(&c, c.text.length, "login"));
	assert_null(console_find(&c, c.text.length + 1, "login"));
	assert_string_equal(console_end(&c, 0), "second login");
	assert_string_equal(console_end(&c, 1), "zero  byte\nsecond login");
	assert_ptr_equal(console_end(&c, 99), c.text.data);
}

static void assert_line(struct console *c, const char *words, const char *wanted)
{
	const char *place = console_find(c, 0, words);
	cleanup_free char *line = NULL;

	assert_non_null(place);
	line = console_line(c, place);
	assert_string_equal(line, wanted);
}

static void gives_whole_lines(void **state)
{
	static const char said[] = "begin\n"
				   "[    3.141593] VFS: Unable to mount\n"
				   "[drm] no time stamp\n"
				   "a [ 1.0] later\n"
				   "\n"
				   "[    4.000000] open end";
	CLEANUP(console_release) struct console c = { .fd = -1 };

	(void)state;
	open_console(&c);
	append("serial", said, sizeof(said) - 1);
	poll_console(&c);
	assert_line(&c, "gin", "begin");
	assert_line(&c, "Unable", "VFS: Unable to mount");
	assert_line(&c, "time", "[drm] no time stamp");
	assert_line(&c, "later", "a [ 1.0] later");
	assert_line(&c, "open", "open end");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(drops_sequences),
		TEST(reads_in_pieces),
		TEST(waits_for_the_file),
		TEST(finds),
		TEST(gives_whole_lines),
		TEST(gives_up_on_endless_output),
		TEST(quotes_little_of_an_endless_line),
	};

	return cmocka_run_group_tests_name("console", tests, NULL, NULL);
}
