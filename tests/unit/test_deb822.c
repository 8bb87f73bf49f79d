/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "deb/deb822.h"
#include "base/memory.h"
#include "base/text.h"
#include "seed.h"

static struct deb822 reader_of(const char *text)
{
	seed("deb822", text, strlen(text));
	return (struct deb822){
		.name = "test",
		.data = text,
		.size = strlen(text),
		.class = ERR_TRUST,
	};
}

static void test_fields_and_stanzas(void **state)
{
	struct deb822 d =
		reader_of("\n\nOne: a b \nTwo:\n first\n \t second  \nThree:\n\n \t\nOne:c\n");
	CLEANUP(deb822_stanza_release) struct deb822_stanza s = { 0 };
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	assert_int_equal(deb822_next(&d, &s, &err), 1);
	assert_int_equal(s.count, 3);
	assert_int_equal(s.line, 3);
	assert_string_equal(deb822_get(&s, "One"), "a b");
	assert_string_equal(deb822_get(&s, "tWO"), "\nfirst\nsecond");
	assert_string_equal(deb822_get(&s, "Three"), "");
	assert_null(deb822_get(&s, "Four"));
	assert_int_equal(deb822_find(&s, "Three")->line, 7);
	assert_int_equal(deb822_next(&d, &s, &err), 1);
	assert_int_equal(s.count, 1);
	assert_string_equal(deb822_get(&s, "One"), "c");
	assert_int_equal(deb822_next(&d, &s, &err), 0);
	assert_int_equal(s.count, 0);
}

static void test_last_line_without_newline(void **state)
{
	struct deb822 d = reader_of("A: 1\nB: 2");
	CLEANUP(deb822_stanza_release) struct deb822_stanza s = { 0 };
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	assert_int_equal(deb822_next(&d, &s, &err), 1);
	assert_string_equal(deb822_get(&s, "B"), "2");
	assert_int_equal(deb822_next(&d, &s, &err), 0);
}

static void test_comments(void **state)
{
	struct deb822 d = reader_of("# one\nA: 1\n# two\n 2\n#B: 3\n");
	CLEANUP(deb822_stanza_release) struct deb822_stanza s = { 0 };
	CLEANUP(err_release) struct err err = { 0 };

	(void)state;
	d.comments = true;
	assert_int_equal(deb822_next(&d, &s, &err), 1);
	assert_string_equal(deb822_get(&s, "A"), "1\n2");
	assert_int_equal(s.count, 1);
	d = reader_of("# one\nA: 1\n");
	assert_true(deb822_next(&d, &s, &err) < 0);
	assert_int_equal(err.class, ERR_TRUST);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		size_t size; /* 0: strlen */
		unsigned line;
		const char *message;
	} cases[] = {
		{ "A: 1\nno field\n", 0, 2, "not a 'Field: value'" },
		{ "A: 1\nB B: 2\n", 0, 2, "not a 'Field: value'" },
		{ ": 1\n", 0, 1, "not a 'Field: value'" },
		{ "-A: 1\n", 0, 1, "not a 'Field: value'" },
		{ "A\xc3\xa4: 1\n", 0, 1, "not a 'Field: value'" },
		{ " A: 1\n", 0, 1, "continuation" },
		{ "A: 1\nB: 2\na: 3\n", 0, 3, "'a' is given twice" },
		{ "A: 1\r\n", 0, 1, "control character" },
		{ "A: 1\nB: \0\n", 11, 2, "control character" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(deb822_stanza_release) struct deb822_stanza s = { 0 };
		CLEANUP(err_release) struct err err = { 0 };
		struct deb822 d = reader_of(cases[i].text);

		d.size = cases[i].size ? cases[i].size : d.size;
		assert_true(deb822_next(&d, &s, &err) < 0);
		assert_int_equal(err.class, ERR_TRUST);
		assert_int_equal(err.line, cases[i].line);
		assert_non_null(strstr(err.message, cases[i].message));
	}
}

static void test_too_many_fields(void **state)
{
	CLEANUP(deb822_stanza_release) struct deb822_stanza s = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text t = { 0 };
	struct deb822 d;

	(void)state;
	for (int i = 0; i <= DEB822_FIELDS_MAX; i++)
		text_printf(&t, "F%d: x\n", i);
	d = reader_of(t.data);
	assert_true(deb822_next(&d, &s, &err) < 0);
	assert_int_equal(err.class, ERR_TRUST);
	assert_int_equal(err.line, DEB822_FIELDS_MAX + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_and_stanzas),
		cmocka_unit_test(test_last_line_without_newline),
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_many_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
