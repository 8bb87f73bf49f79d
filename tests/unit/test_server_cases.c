/* SPDX-License-Identifier: MIT */
/* tests/cases/server: the server's snippets that a recipe becomes, to the letter. */
#include "case.h"

#include "publish/server.h"
#include "recipe/recipe.h"

#define VERSION "20260829T041900Z-1f3a9c2e"

static void add_part(struct text *t, const char *name, char *text)
{
	cleanup_free char *owned = text;

	text_printf(t, "--- %s\n%s", name, owned);
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
	CLEANUP(text_release) struct text got = { 0 };
	cleanup_free char *path = NULL;

	case_read(path_of_case(state), &c);
	path = xasprintf("%s/recipe.yaml", scratch_path);
	if (recipe_load(path, &r, &err) < 0)
		fail_msg("%s", case_printed(&err));
	assert_string_equal(c.kind, "server");
	add_part(&got, "dhcpd.conf", server_dhcpd(&r));
	add_part(&got, "exports", server_exports(&r));
	add_part(&got, "tftpd-hpa", server_tftpd(&r));
	add_part(&got, "README", server_readme(&r, VERSION));
	assert_string_equal(got.data, c.expected);
}

int main(void)
{
	return case_run_all("server cases", "tests/cases/server/*.case", 5, run_case);
}
