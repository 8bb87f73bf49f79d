/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <locale.h>

#include "base/io.h"
#include "base/memory.h"
#include "verify/difference-parts.h"
#include "verify/result-diff.h"

static const struct variations no_variations;

static const char *cause(const char *a, const char *b)
{
	const struct text content[2] = {
		{ .data = (char *)(uintptr_t)a, .length = strlen(a) },
		{ .data = (char *)(uintptr_t)b, .length = strlen(b) },
	};
	const char *found = likely_cause_of_content(&no_variations, content);

	return found ? found : "unknown";
}

static void guesses(void **state)
{
	(void)state;
	assert_string_equal(cause("at 21:08\n", "at 21:09\n"), "a date or a time");
	assert_string_equal(cause("on Sun Nov 22", "on Mon Dec 27"), "a date or a time");
	assert_string_equal(cause("2026-11-22", "2026-11-23"), "a date or a time");
	assert_string_equal(cause("t=1763845200;", "t=1763845299;"), "a date or a time");
	assert_string_equal(cause("b a c", "a b c"), CAUSE_ORDER);
	assert_string_equal(cause("pid 4711", "pid 4712"),
			    "a process number, a counter or a small random number");
	assert_string_equal(cause("key Xa8Qrk1z", "key pOu62Rts"), "a random value");
	assert_string_equal(cause("yes", "no"), "unknown");
	assert_string_equal(cause("", "more"), "unknown");
	assert_null(likely_cause_of_name("etc/passwd"));
	assert_non_null(likely_cause_of_name("etc/tmpkbd.8Qrk1z"));
}

static void variations_are_recognised(void **state)
{
	CLEANUP(variations_release) struct variations list = { 0 };
	static char a[] = "on vm-host.example", b[] = "on elsewhere.example";
	const struct text content[2] = { { .data = a, .length = sizeof(a) - 1 },
					 { .data = b, .length = sizeof(b) - 1 } };

	(void)state;
	variations_add(&list, "umask", "022", "077");
	variations_add(&list, "host name", "other", "elsewhere.example");
	assert_string_equal(likely_cause_of_content(&list, content), "host name");
}

static void equal_is_not_varied(void **state)
{
	CLEANUP(variations_release) struct variations list = { 0 };
	CLEANUP(variations_release) struct variations again = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *text = NULL, *second = NULL;

	(void)state;
	variations_add(&list, "umask", "077", "077");
	variations_add(&list, "time zone", "UTC\t\n", "Asia/Tokyo");
	variations_add_not(&list, "clock", "%s", "no right");
	assert_int_equal(variations_varied(&list), 1);
	assert_string_equal(list.item[0].why_not, "it is 077 anyway");
	text = variations_text(&list);
	assert_int_equal(variations_parse(text, &again, &err), 0);
	second = variations_text(&again);
	assert_string_equal(second, text);
	assert_true(variations_parse("one field\n", &again, &err) < 0);
	assert_int_equal(err.class, ERR_BUILD);
}

static void write_pair(const char *path, const char *a, const char *b)
{
	cleanup_free char *old = xasprintf("old/%s", path), *new = xasprintf("new/%s", path);

	if (a)
		scratch_file(old, a);
	if (b)
		scratch_file(new, b);
}

/* A scratch directory with two empty trees, old and new. */
static int trees_setup(void **state)
{
	if (scratch_setup(state) < 0 || mkdirat(scratch_fd, "old", 0755) < 0)
		return -1;
	return mkdirat(scratch_fd, "new", 0755);
}

static void compare_trees(struct differences *list)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_fd int old = openat(scratch_fd, "old", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_fd int new = openat(scratch_fd, "new", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(result_diff(old, new, &no_variations, list, &err), 0);
}

/* The result may be somebody else's. */
static void names_of_an_enemy(void **state)
{
	CLEANUP(differences_release) struct differences list = { 0 };
	CLEANUP(text_release) struct text t = { 0 };

	(void)state;
	differences_add(&list, "a\033[2J", "etc/\n0 differences", "content\a", NULL);
	differences_add(&list, "SUMS\x9b", NULL, "content", NULL)->follows = true;
	differences_text(&list, &t);
	assert_string_equal(t.data, "2 differences, the first in a\\x1b[2J\n"
				    "\nno cause that netrescue knows (1):\n"
				    "  a\\x1b[2J: etc/\\x0a0 differences: content\\x07\n"
				    "\nlists of digests, which differ with them: SUMS\\x9b\n");
}

static void results(void **state)
{
	CLEANUP(differences_release) struct differences list = { 0 };
	CLEANUP(text_release) struct text t = { 0 };

	(void)state;
	write_pair("SHA256SUMS", "1", "2");
	write_pair("exports", "one\ntwo\n", "one\nzwei\n");
	write_pair("kernel", "\x01\x02\x03\x04", "\x01\x02\x13");
	write_pair("same", "same", "same");
	write_pair("gone", "x", NULL);
	write_pair("provenance.json", "x", "y");
	assert_int_equal(symlinkat("a", scratch_fd, "old/latest"), 0);
	assert_int_equal(symlinkat("b", scratch_fd, "new/latest"), 0);
	compare_trees(&list);
	assert_int_equal(list.files, 6);
	assert_int_equal(list.count, 5);
	differences_text(&list, &t);
	assert_string_equal(t.data, "5 differences, the first in exports\n"
				    "\nno cause that netrescue knows (4):\n"
				    "  exports: content\n"
				    "      --- original\n      +++ rebuilt\n      @@ -1,2 +1,2 @@\n"
				    "       one\n      -two\n      +zwei\n"
				    "  gone: only in the original\n"
				    "  kernel: content\n"
				    "      first difference at byte 2 (0x2); 1 of 3 bytes differ\n"
				    "      original  4 bytes: 03 04\n"
				    "      rebuilt   3 bytes: 13\n"
				    "  latest: link\n      link: a, rebuilt b\n"
				    "\nlists of digests, which differ with them: SHA256SUMS\n");
}

static void a_single_one(void **state)
{
	CLEANUP(differences_release) struct differences list = { 0 };
	CLEANUP(text_release) struct text t = { 0 };

	(void)state;
	differences_add(&list, "menu", NULL, "content", NULL);
	differences_text(&list, &t);
	assert_true(starts_with(t.data, "1 difference, the first in menu\n"));
}

/* It differs, whatever it is, and so does what comes after it. */
static void what_cannot_be_read(void **state)
{
	CLEANUP(differences_release) struct differences list = { 0 };

	(void)state;
	write_pair("initrd.img", "BZh no cpio", "0707 no cpio either");
	write_pair("menu", "one", "two");
	write_pair("rootfs.tar.zst", "nor a tar", "");
	compare_trees(&list);
	assert_int_equal(list.count, 3);
	assert_string_equal(list.item[0].artifact, "initrd.img");
	assert_non_null(strstr(list.item[0].detail, "cannot be looked into: "));
	assert_string_equal(list.item[1].artifact, "menu");
	assert_string_equal(list.item[2].what, "content");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(guesses),
		cmocka_unit_test(variations_are_recognised),
		cmocka_unit_test(equal_is_not_varied),
		cmocka_unit_test(names_of_an_enemy),
		cmocka_unit_test(a_single_one),
		cmocka_unit_test_setup_teardown(results, trees_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_read, trees_setup, scratch_teardown),
	};

	(void)setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
