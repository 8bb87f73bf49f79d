/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "base/json.h"
#include "base/memory.h"

/* What a terminal would obey is written as an escape; it is the same JSON all the same. */
static void lines_do_nothing_to_a_terminal(void **state)
{
	static const struct {
		const char *text, *line;
	} row[] = {
		{ "plain", "[\"plain\"]" },
		{ "Gr\xc3\xbc\xc3\x9f"
		  "e \xe2\x82\xac \xf0\x9f\x98\x80",
		  "[\"Gr\xc3\xbc\xc3\x9f"
		  "e \xe2\x82\xac \xf0\x9f\x98\x80\"]" },
		{ "\033[2J\n", "[\"\\u001B[2J\\n\"]" },
		{ "a\x7f"
		  "b",
		  "[\"a\\u007fb\"]" },
		{ "\xc2\x9b"
		  "2J",
		  "[\"\\u009b2J\"]" },
		{ "a\xe2\x80\xae"
		  "b",
		  "[\"a\\u202eb\"]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		CLEANUP(json_cleanup) json_t *value = json_pack("[s]", row[i].text);
		CLEANUP(json_cleanup) json_t *again = NULL;
		cleanup_free char *line = json_line(value);

		assert_string_equal(line, row[i].line);
		again = json_loads(line, 0, NULL);
		assert_true(json_equal(value, again));
	}
}

static void bytes_that_are_no_text(void **state)
{
	CLEANUP(json_cleanup) json_t *value = json_array();
	cleanup_free char *line = NULL;

	(void)state;
	(void)json_array_append_new(value, json_text("a\xff\x9b"
						     "b"));
	line = json_line(value);
	assert_string_equal(line, "[\"a\xef\xbf\xbd\xef\xbf\xbd"
				  "b\"]");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_do_nothing_to_a_terminal),
		cmocka_unit_test(bytes_that_are_no_text),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
