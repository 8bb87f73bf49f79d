/* SPDX-License-Identifier: MIT */
/* tests/cases/menu: the menu files that a recipe becomes, to the letter, or why it cannot. */
#include "case.h"

#include "publish/menu.h"
#include "recipe/recipe.h"

#define VERSION "20260829T041900Z-1f3a9c2e"

static void add_part(struct text *t, const char *name, char *text)
{
	cleanup_free char *owned = text;

	text_printf(t, "--- %s\n%s", name, owned);
}

static void print_pxelinux(const struct recipe *r, const struct menu *m, struct text *t)
{
	struct menu_choice choice = menu_default_choice(r);

	add_part(t, "default", menu_pxelinux(m, &choice));
	for (size_t i = 0; i < r->menu.client_count; i++) {
		cleanup_free char *name = menu_pxelinux_name(r->menu.client[i].mac);

		choice = menu_client_choice(r, i);
		add_part(t, name, menu_pxelinux(m, &choice));
	}
}

static const char *path_of_case(void **state)
{
	return *state;
}

static void run_case(void **state)
{
	CLEANUP(case_release) struct test_case c = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(recipe_release) struct recipe r = { 0 };
	CLEANUP(menu_release) struct menu m = { 0 };
	CLEANUP(text_release) struct text got = { 0 };
	cleanup_free char *path = NULL;
	int e;

	case_read(path_of_case(state), &c);
	path = xasprintf("%s/recipe.yaml", scratch_path);
	if (recipe_load(path, &r, &err) < 0)
		fail_msg("%s", case_printed(&err));
	e = menu_describe(&r, VERSION, NULL, &m, &err);
	if (streq(c.kind, "error")) {
		cleanup_free char *printed = case_printed(&err);

		assert_true(e < 0);
		assert_int_equal(err_exit_code(&err), 2);
		text_add(&got, printed);
	} else if (e < 0) {
		fail_msg("%s", case_printed(&err));
	} else if (streq(c.kind, "grub")) {
		cleanup_free char *grub = menu_grub_recipe(&m, &r);

		text_add(&got, grub);
	} else {
		assert_string_equal(c.kind, "pxelinux");
		print_pxelinux(&r, &m, &got);
	}
	assert_string_equal(got.data, c.expected);
}

int main(void)
{
	return case_run_all("menu cases", "tests/cases/menu/*.case", 15, run_case);
}
