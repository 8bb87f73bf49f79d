/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "base/memory.h"
#include "rootfs/settings.h"

static struct recipe_list *locales(struct recipe_list *list, const char *const *name)
{
	for (; *name; name++) {
		GROW(list->item, list->count, list->allocated);
		list->item[list->count++] = (struct recipe_name){
			.value = xstrdup(*name),
			.at = { .file = "x.yaml", .line = 3, .column = 5 },
		};
	}
	return list;
}

static void free_list(struct recipe_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->item[i].value);
	free(list->item);
}

static struct recipe a_recipe(void)
{
	static char c_utf8[] = "C.UTF-8", us[] = "us", utc[] = "UTC", fixed[] = "Fixed",
		    size[] = "8x16", charmap[] = "UTF-8";

	return (struct recipe){
		.default_locale = c_utf8,
		.keymap = us,
		.timezone = utc,
		.console = { fixed, size, charmap },
	};
}

static void check_line(const struct recipe *recipe, const char *line)
{
	CLEANUP(text_release) struct text text = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *wanted = xasprintf("\n%s\n", line);
	cleanup_free char *all = NULL;

	assert_int_equal(settings_preseed(recipe, &text, &err), 0);
	all = xasprintf("\n%s", text.data);
	if (!strstr(all, wanted))
		fail_msg("no line '%s' in:%s", line, all);
}

static void preseeds_locales(void **state)
{
	static const char *const some[] = { "C.UTF-8", "de_DE.UTF-8", "ca_ES.UTF-8@valencia",
					    "en_US.ISO-8859-15", NULL };
	CLEANUP(free_list) struct recipe_list list = { 0 };
	struct recipe recipe = a_recipe();

	(void)state;
	check_line(&recipe, "locales locales/locales_to_be_generated multiselect");
	check_line(&recipe, "locales locales/default_environment_locale select C.UTF-8");
	recipe.locales = *locales(&list, some);
	check_line(&recipe, "locales locales/locales_to_be_generated multiselect "
			    "de_DE.UTF-8 UTF-8, ca_ES.UTF-8@valencia UTF-8, "
			    "en_US.ISO-8859-15 ISO-8859-15");
}

static void refuses_a_locale_without_codeset(void **state)
{
	static const char *const bad[] = { "de_DE@euro", NULL };
	CLEANUP(free_list) struct recipe_list list = { 0 };
	CLEANUP(text_release) struct text text = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	struct recipe recipe = a_recipe();

	(void)state;
	recipe.locales = *locales(&list, bad);
	assert_true(settings_preseed(&recipe, &text, &err) < 0);
	assert_int_equal(err.class, ERR_USAGE);
	assert_int_equal(err.line, 3);
	assert_string_equal(err.message, "locale 'de_DE@euro' names no codeset");
	assert_string_equal(err.hint, "write 'de_DE.UTF-8'");
}

static void preseeds_time_zones(void **state)
{
	static char berlin[] = "Europe/Berlin", deep[] = "America/Argentina/Ushuaia";
	struct recipe recipe = a_recipe();

	(void)state;
	check_line(&recipe, "tzdata tzdata/Areas select Etc");
	check_line(&recipe, "tzdata tzdata/Zones/Etc select UTC");
	recipe.timezone = berlin;
	check_line(&recipe, "tzdata tzdata/Zones/Europe select Berlin");
	recipe.timezone = deep;
	check_line(&recipe, "tzdata tzdata/Areas select America");
	check_line(&recipe, "tzdata tzdata/Zones/America select Argentina/Ushuaia");
}

static void preseeds_keymaps(void **state)
{
	static char german[] = "de(nodeadkeys)";
	struct recipe recipe = a_recipe();

	(void)state;
	check_line(&recipe, "keyboard-configuration keyboard-configuration/layoutcode string us");
	check_line(&recipe, "keyboard-configuration keyboard-configuration/variantcode string ");
	recipe.keymap = german;
	check_line(&recipe, "keyboard-configuration keyboard-configuration/layoutcode string de");
	check_line(&recipe, "keyboard-configuration keyboard-configuration/variantcode string "
			    "nodeadkeys");
	check_line(&recipe, "keyboard-configuration keyboard-configuration/xkb-keymap select "
			    "de(nodeadkeys)");
}

/* The menu of console-setup's config script, read in trixie's decode_fontsize(). */
static void preseeds_font_sizes(void **state)
{
	static const struct {
		const char *size, *choice;
	} known[] = {
		{ "8x16", "8x16" },
		{ "16", "8x16" },
		{ "14x8", "8x14" },
		{ "16x32", "16x32 (framebuffer only)" },
		{ "32x16", "16x32 (framebuffer only)" },
	};
	struct recipe recipe = a_recipe();

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		cleanup_free char *size = xstrdup(known[i].size);
		cleanup_free char *line = xasprintf(
			"console-setup console-setup/fontsize-fb47 select %s", known[i].choice);

		recipe.console.size = size;
		check_line(&recipe, line);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(preseeds_locales),
		cmocka_unit_test(refuses_a_locale_without_codeset),
		cmocka_unit_test(preseeds_time_zones),
		cmocka_unit_test(preseeds_keymaps),
		cmocka_unit_test(preseeds_font_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
