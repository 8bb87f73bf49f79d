/* SPDX-License-Identifier: MIT */
/* What a machine said, on its way to the terminal of the person who watches. */
#include "unit.h"

#include "base/memory.h"
#include "base/text.h"
#include "lab/lab-report.h"

#define HOSTILE                                                                                    \
	"\033]0;owned\007\033[2Jall checks passed\r\xc2\x9b"                                       \
	"1A\xe2\x80\xae"

static int terminal = -1;

/* From here on stdout is a file. */
static void begin(void)
{
	int fd = openat(scratch_fd, "out", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	(void)fflush(stdout);
	terminal = dup(STDOUT_FILENO);
	assert_true(fd >= 0 && terminal >= 0 && dup2(fd, STDOUT_FILENO) >= 0);
	assert_int_equal(close(fd), 0);
}

static void end(char said[512])
{
	ssize_t n;
	int fd;

	(void)fflush(stdout);
	(void)dup2(terminal, STDOUT_FILENO);
	assert_int_equal(close(terminal), 0);
	fd = openat(scratch_fd, "out", O_RDONLY | O_CLOEXEC);
	n = read(fd, said, 511);
	assert_true(n > 0);
	said[n] = '\0';
	assert_int_equal(close(fd), 0);
}

static void scripts_do_not_reach_the_terminal(void **state)
{
	const struct client c = { .number = 1 };
	char said[512];

	(void)state;
	begin();
	lab_print_output(&c, HOSTILE, false);
	end(said);
	assert_string_equal(said, "client 1  | \\x1b]0;owned\\x07\\x1b[2Jall checks passed\\x0d"
				  "\\xc2\\x9b1A\\xe2\\x80\\xae\n");
	begin();
	lab_print_output(&c, HOSTILE, true);
	end(said);
	assert_string_equal(said,
			    "{\"event\":\"output\",\"client\":1,\"line\":\"\\u001B]0;owned\\u0007"
			    "\\u001B[2Jall checks passed\\r\\u009b1A\\u202e\"}\n");
}

static void names_on_the_server_neither(void **state)
{
	char said[512];

	(void)state;
	begin();
	lab_print_changes("/plain\n/\033[2Jx\n", false);
	end(said);
	assert_string_equal(said, "changed on the server: /plain\n"
				  "changed on the server: /\\x1b[2Jx\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(scripts_do_not_reach_the_terminal),
		TEST(names_on_the_server_neither),
	};

	return cmocka_run_group_tests_name("lab_report", tests, NULL, NULL);
}
