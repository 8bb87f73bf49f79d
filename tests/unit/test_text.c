/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <errno.h>

#include "base/memory.h"
#include "base/text.h"

static void text_grows_and_holds_nul(void **state)
{
	CLEANUP(text_release) struct text t = { 0 };

	(void)state;
	text_append(&t, "", 0);
	assert_non_null(t.data);
	assert_string_equal(t.data, "");
	for (int i = 0; i < 1000; i++)
		text_printf(&t, "%d,", i % 10);
	assert_int_equal(t.length, 2000);
	assert_memory_equal(t.data, "0,1,2,", 6);
	text_append(&t, "a\0b", 3);
	assert_int_equal(t.length, 2003);
	assert_memory_equal(t.data + 2000, "a\0b", 4);

	cleanup_free char *taken = text_take(&t);
	assert_int_equal(strlen(taken), 2001);
	assert_null(t.data);
	cleanup_free char *empty = text_take(&t);
	assert_string_equal(empty, "");
}

static void escaping(void **state)
{
	static const struct {
		const char *raw, *escaped;
	} row[] = {
		{ "", "" },
		{ "plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80",
		  "plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80" },
		{ "\x1b[0m\n\t\x7f", "\\x1b[0m\\x0a\\x09\\x7f" },
		{ "\xc2\x9b", "\\xc2\\x9b" },			/* C1: CSI */
		{ "\xc0\xaf", "\\xc0\\xaf" },			/* overlong */
		{ "\xe0\x80\xaf", "\\xe0\\x80\\xaf" },		/* overlong */
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },		/* surrogate */
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" }, /* too large */
		{ "\xe2\x82", "\\xe2\\x82" },			/* cut short */
		{ "\xe2\x80\xae", "\\xe2\\x80\\xae" },		/* right-to-left override */
		{ "a\xe2\x80\xa8", "a\\xe2\\x80\\xa8" },	/* line separator */
		{ "\xe2\x80\x8f", "\\xe2\\x80\\x8f" },		/* right-to-left mark */
		{ "\xd8\x9c", "\\xd8\\x9c" },			/* Arabic letter mark */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		CLEANUP(text_release) struct text t = { 0 };

		text_add_escaped(&t, row[i].raw);
		assert_string_equal(t.data, row[i].escaped);
	}
}

/* What text_add_name() has done, undone: \\x5c and \\x80 to \\xff stand for their bytes. */
static void undo(const char *s, struct text *ret)
{
	while (*s) {
		char digits[3] = { s[0] == '\\' && s[1] == 'x' ? s[2] : '\0' };
		unsigned char byte;

		if (digits[0])
			digits[1] = s[3];
		byte = (unsigned char)strtoul(digits, NULL, 16);
		if (strspn(digits, "0123456789abcdef") == 2 && (byte >= 0x80 || byte == '\\')) {
			text_append(ret, &byte, 1);
			s += 4;
		} else {
			text_append(ret, s++, 1);
		}
	}
}

static void names(void **state)
{
	static const struct {
		const char *raw, *name;
	} row[] = {
		{ "", "" },
		{ "etc/\xc3\xa4 \n\x7f\xc2\x9b", "etc/\xc3\xa4 \n\x7f\xc2\x9b" },
		{ "a\xff", "a\\xff" },
		{ "a\xfe", "a\\xfe" },
		{ "a\xc3", "a\\xc3" },
		{ "\xe2\x82z", "\\xe2\\x82z" },
		{ "a\xef\xbf\xbd", "a\xef\xbf\xbd" }, /* U+FFFD itself */
		/* Not escapes, so they stay: those of systemd's units for one. */
		{ "dev-disk-by\\x2duuid.swap", "dev-disk-by\\x2duuid.swap" },
		{ "a\\xFF \\ \\x8 \\x7f \\x", "a\\xFF \\ \\x8 \\x7f \\x" },
		/* They read like escapes, but are names of their own. */
		{ "a\\xff", "a\\x5cxff" },
		{ "a\\x5c", "a\\x5cx5c" },
		{ "a\\x5cxff", "a\\x5cx5cxff" },
		{ "a\\\xff", "a\\\\xff" },
		{ "\\x8\xff", "\\x8\\xff" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		CLEANUP(text_release) struct text t = { 0 };
		CLEANUP(text_release) struct text back = { 0 };

		text_add_name(&t, row[i].raw);
		assert_string_equal(t.data, row[i].name);
		undo(t.data, &back);
		assert_string_equal(back.data ? back.data : "", row[i].raw);
	}
}

static void lists(void **state)
{
	CLEANUP(strv_release) struct strv v = { 0 };
	CLEANUP(strv_release) struct strv empty = { 0 };

	(void)state;
	strv_split(&v, "  b a,,b c ", " ,");
	assert_int_equal(v.count, 4);
	assert_null(v.item[4]);
	strv_addf(&v, "%c%d", 'a', 1);
	strv_sort(&v);
	strv_unique(&v);
	cleanup_free char *joined = strv_join(&v, "|");
	assert_string_equal(joined, "a|a1|b|c");
	assert_true(strv_has(&v, "b"));
	assert_true(strv_remove(&v, "b"));
	assert_false(strv_remove(&v, "b"));
	assert_false(strv_has(&v, "b"));
	assert_null(v.item[v.count]);
	strv_add_all(&v, &v);
	assert_int_equal(v.count, 6);
	for (int i = 0; i < 100; i++)
		strv_add(&v, "x");
	assert_null(v.item[106]);

	strv_sort(&empty);
	strv_unique(&empty);
	strv_split(&empty, "", ",");
	assert_false(strv_has(&empty, ""));
	cleanup_free char *nothing = strv_join(&empty, ",");
	assert_string_equal(nothing, "");
}

static void comparisons(void **state)
{
	(void)state;
	assert_true(starts_with("abc", "ab"));
	assert_true(starts_with("abc", ""));
	assert_false(starts_with("a", "ab"));
	assert_true(ends_with("abc", "bc"));
	assert_false(ends_with("c", "bc"));
	assert_true(streq(NULL, NULL));
	assert_false(streq(NULL, ""));
	assert_false(streq("", NULL));
	assert_true(streq("x", "x"));
}

static void numbers(void **state)
{
	static const struct {
		const char *s;
		int r;
		uint64_t value;
	} row[] = {
		{ "0", 0, 0 },
		{ "007", 0, 7 },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "99999999999999999999999", -ERANGE, 0 },
		{ "99999999999999999999999x", -EINVAL, 0 },
		{ "", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
		uint64_t value = 4711;

		assert_int_equal(parse_u64(row[i].s, &value), row[i].r);
		assert_true(value == (row[i].r == 0 ? row[i].value : 4711));
	}
}

static void hex_digits(void **state)
{
	static const char digits[] = "0123456789abcdef", upper[] = "ABCDEF";

	(void)state;
	for (int i = 0; i < 16; i++)
		assert_int_equal(hex_digit(digits[i]), i);
	for (int i = 0; i < 6; i++)
		assert_int_equal(hex_digit(upper[i]), 10 + i);
	for (const char *c = "/:@G`g x\xff"; *c; c++)
		assert_int_equal(hex_digit(*c), -1);
	assert_int_equal(hex_digit('\0'), -1);
}

static void sizes_for_people(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *expected;
	} row[] = {
		{ 0, "0 B" },	      { 999, "999 B" },	       { 1000, "1.0 kB" },
		{ 9949, "9.9 kB" },   { 9950, "10 kB" },       { 999499, "999 kB" },
		{ 999500, "1.0 MB" }, { 143000000, "143 MB" }, { UINT64_MAX, "18 EB" },
	};
	char buffer[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(row); i++)
		assert_string_equal(human_size(row[i].bytes, buffer), row[i].expected);
}

static void assert_nearest(const char *word, size_t most, const char *expected)
{
	static const char *const known[] = { "tcpdump", "tcpick",  "screen",  "vim",  "gddrescue",
					     "tcpdump", "gdbtest", "tcpdumb", "less", "vi" };
	CLEANUP(strv_release) struct strv found = { 0 };

	nearest(word, known, ARRAY_SIZE(known), most, &found);
	cleanup_free char *joined = strv_join(&found, " ");
	assert_string_equal(joined, expected);
}

static void did_you_mean(void **state)
{
	char longest[200];

	(void)state;
	assert_nearest("tcpdmp", 3, "tcpdump tcpdumb");
	assert_nearest("tcpdmp", 1, "tcpdump");
	assert_nearest("tcpdupm", 1, "tcpdump"); /* neighbours swapped */
	assert_nearest("ddrescue", 3, "gddrescue");
	assert_nearest("vmi", 3, "vi vim");
	assert_nearest("xy", 3, "");
	assert_nearest("", 3, "");
	assert_nearest("completely-else", 3, "");
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_nearest(longest, 3, "");
	longest[64] = '\0';
	assert_nearest(longest, 3, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_grows_and_holds_nul),
		cmocka_unit_test(escaping),
		cmocka_unit_test(names),
		cmocka_unit_test(lists),
		cmocka_unit_test(comparisons),
		cmocka_unit_test(numbers),
		cmocka_unit_test(hex_digits),
		cmocka_unit_test(sizes_for_people),
		cmocka_unit_test(did_you_mean),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
