/* SPDX-License-Identifier: MIT */
/* tests/cases/recipe: what recipes mean, what is said about wrong ones, to the letter, and that
 * whoever follows the hint gets rid of the error. */
#include "case.h"

#include "recipe/recipe.h"
#include "base/err-report.h"

static const char *path_of_case(void **state)
{
	return *state;
}

/* Besides recipe.yaml, a case may have site.yaml, for --site, and a file `set` with a --set a
 * line. */
static int load_case(struct recipe *r, struct err *err)
{
	cleanup_free char *path = xasprintf("%s/recipe.yaml", scratch_path);
	CLEANUP(err_release) struct err ignored = { 0 };
	CLEANUP(strv_release) struct strv site = { 0 };
	CLEANUP(strv_release) struct strv set = { 0 };
	CLEANUP(text_release) struct text lines = { 0 };

	if (faccessat(scratch_fd, "site.yaml", F_OK, 0) == 0)
		strv_addf(&site, "%s/site.yaml", scratch_path);
	if (read_file(scratch_fd, "set", 4096, &lines, &ignored) == 0)
		strv_split(&set, lines.data, "\n");
	return recipe_load_source(
		&(struct recipe_source){
			.path = path, .site = &site, .set = &set, .set_directory = scratch_path },
		r, err);
}

static int load_again(struct err *err)
{
	CLEANUP(recipe_release) struct recipe r = { 0 };

	return load_case(&r, err);
}

static void run_case(void **state)
{
	CLEANUP(case_release) struct test_case c = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(recipe_release) struct recipe r = { 0 };
	CLEANUP(text_release) struct text got = { 0 };
	int e;

	/* cmocka hands the initial state to setup, which keeps it */
	case_read(path_of_case(state), &c);
	e = load_case(&r, &err);
	if (streq(c.kind, "error")) {
		cleanup_free char *printed = case_printed(&err);

		assert_string_equal(printed, c.expected);
		assert_true(e < 0);
		assert_int_equal(err_exit_code(&err), 2);
		case_check_hint(&c, load_again);
		return;
	}
	assert_string_equal(c.kind, "values");
	if (e < 0)
		fail_msg("%s", case_printed(&err));
	recipe_canonical(&r, &got);
	assert_string_equal(got.data, c.expected);
}

int main(void)
{
	return case_run_all("recipe cases", "tests/cases/recipe/*.case", 60, run_case);
}
