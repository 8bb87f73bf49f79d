/* SPDX-License-Identifier: MIT */
/*
 * tests/cases/menu and tests/cases/server: what a recipe becomes on the server, to the letter. A case's
 * kind is `pxelinux`, `server` or `error`.
 */
#include "case.h"

#include "publish/menu.h"
#include "publish/server.h"
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

static void print_server(const struct recipe *r, struct text *t)
{
	add_part(t, "dhcpd.conf", server_dhcpd(r));
	add_part(t, "exports", server_exports(r));
	add_part(t, "tftpd-hpa", server_tftpd(r));
	add_part(t, "README", server_readme(r, VERSION));
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
	e = menu_describe(&r, VERSION, &m, &err);
	if (streq(c.kind, "error")) {
		cleanup_free char *printed = case_printed(&err);

		assert_true(e < 0);
		text_add(&got, printed);
	} else if (e < 0) {
		fail_msg("%s", case_printed(&err));
	} else if (streq(c.kind, "pxelinux")) {
		print_pxelinux(&r, &m, &got);
	} else {
		assert_string_equal(c.kind, "server");
		print_server(&r, &got);
	}
	assert_string_equal(got.data, c.expected);
}

/* The recipe's own limits leave room, so only a recipe that is made by hand gets there. */
static void limits_of_loader_and_kernel(void **state)
{
	CLEANUP(err_release) struct err err = { 0 }, second = { 0 };
	char append[2048], name[128], path[] = "/srv/x", size[] = "50%", title[] = "X",
				      label[] = "x";
	struct recipe_menu_entry entry = { .kind = MENU_RESCUE, .append = append };
	struct recipe r = { .menu = { .title = title, .entry = &entry, .entry_count = 1 } };
	struct menu m = { 0 };

	(void)state;
	entry.label = label;
	entry.title = title;
	r.name = name;
	r.nfs.path = path;
	r.nfs.overlay_size = size;
	memset(name, 'n', 100);
	name[100] = '\0';
	append[0] = '\0';
	assert_true(menu_describe(&r, VERSION, &m, &err) < 0);
	assert_int_equal(err.class, ERR_USAGE);
	assert_non_null(strstr(err.message, "127 bytes"));
	name[1] = '\0';
	memset(append, 'a', 1850);
	append[1850] = '\0';
	assert_true(menu_describe(&r, VERSION, &m, &second) < 0);
	assert_non_null(strstr(second.message, "command line"));
	assert_non_null(strstr(second.hint, "2047"));
	append[1700] = '\0';
	err_release(&second);
	assert_int_equal(menu_describe(&r, VERSION, &m, &second), 0);
	menu_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(limits_of_loader_and_kernel) };
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	failed += case_run_all("menu cases", "tests/cases/menu/*.case", 7, run_case);
	failed += case_run_all("server cases", "tests/cases/server/*.case", 3, run_case);
	return failed;
}
