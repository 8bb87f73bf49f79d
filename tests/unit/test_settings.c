/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "base/memory.h"
#include "rootfs/locale-lines.h"
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

static const struct strv no_locales = { 0 };

static void check_line_with(const struct recipe *recipe, const struct strv *locale_lines,
			    const char *line)
{
	CLEANUP(text_release) struct text text = { 0 };
	cleanup_free char *wanted = xasprintf("\n%s\n", line);
	cleanup_free char *all = NULL;

	settings_preseed(recipe, locale_lines, &text);
	all = xasprintf("\n%s", text.data);
	if (!strstr(all, wanted))
		fail_msg("no line '%s' in:%s", line, all);
}

static void check_line(const struct recipe *recipe, const char *line)
{
	check_line_with(recipe, &no_locales, line);
}

static void preseeds_locales(void **state)
{
	CLEANUP(strv_release) struct strv lines = { 0 };
	struct recipe recipe = a_recipe();

	(void)state;
	check_line(&recipe, "locales locales/locales_to_be_generated multiselect");
	check_line(&recipe, "locales locales/default_environment_locale select C.UTF-8");
	strv_add(&lines, "de_DE.UTF-8 UTF-8");
	strv_add(&lines, "de_DE@euro ISO-8859-15");
	check_line_with(&recipe, &lines,
			"locales locales/locales_to_be_generated multiselect "
			"de_DE.UTF-8 UTF-8, de_DE@euro ISO-8859-15");
}

/* As in the package locales: names with and without their charset, and blanks at an end. */
static const char supported[] = "# comment\n"
				"de_DE.UTF-8 UTF-8\n"
				"de_DE ISO-8859-1\n"
				"de_DE@euro ISO-8859-15\n"
				"am_ET UTF-8 \n"
				"ca_ES.UTF-8 UTF-8\n"
				"ca_ES@valencia UTF-8\n"
				"ru_RU.KOI8-R KOI8-R\n"
				"ru_RU.UTF-8 UTF-8\n"
				"ru_RU ISO-8859-5\n";

static void finds_lines_of_locales(void **state)
{
	static const struct {
		const char *locale, *line;
	} known[] = {
		{ "de_DE.UTF-8", "de_DE.UTF-8 UTF-8" },
		{ "de_DE ISO-8859-1", "de_DE ISO-8859-1" },
		{ "de_DE.ISO-8859-1", "de_DE ISO-8859-1" },
		{ "de_DE@euro", "de_DE@euro ISO-8859-15" },
		{ "de_DE.ISO-8859-15@euro", "de_DE@euro ISO-8859-15" },
		{ "am_ET.UTF-8", "am_ET UTF-8" },
		{ "ca_ES.UTF-8@valencia", "ca_ES@valencia UTF-8" },
		{ "ru_RU.KOI8-R", "ru_RU.KOI8-R KOI8-R" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		const char *const name[] = { known[i].locale, NULL };
		CLEANUP(free_list) struct recipe_list list = { 0 };
		CLEANUP(strv_release) struct strv lines = { 0 };
		CLEANUP(err_release) struct err err = { 0 };

		assert_int_equal(
			locale_lines_match(supported, "x", locales(&list, name), &lines, &err), 0);
		assert_int_equal(lines.count, 1);
		assert_string_equal(lines.item[0], known[i].line);
	}
}

static void refuses_unknown_locales(void **state)
{
	static const struct {
		const char *locale, *hint;
	} unknown[] = {
		{ "de_DW.UTF-8", "did you mean 'de_DE.UTF-8'?" },
		{ "ru_RU.KOI8-U", "did you mean 'ru_RU.KOI8-R'?" },
		{ "am_EX.UTF-8", "did you mean 'am_ET.UTF-8'?" },
		{ "de_DE ISO-8859-2", "did you mean 'de_DE ISO-8859-1'?" },
		{ "tlh_GB.UTF-8", "its /usr/share/i18n/SUPPORTED lists what there is" },
		/* It is no beginning of another name. */
		{ "de_D", "its /usr/share/i18n/SUPPORTED lists what there is" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++) {
		const char *const name[] = { unknown[i].locale, NULL };
		CLEANUP(free_list) struct recipe_list list = { 0 };
		CLEANUP(strv_release) struct strv lines = { 0 };
		CLEANUP(err_release) struct err err = { 0 };
		cleanup_free char *message =
			xasprintf("no locale '%s' in the package locales 2", unknown[i].locale);

		assert_true(locale_lines_match(supported, "the package locales 2",
					       locales(&list, name), &lines, &err) < 0);
		assert_int_equal(err.class, ERR_USAGE);
		assert_int_equal(err.line, 3);
		assert_string_equal(err.message, message);
		assert_string_equal(err.hint, unknown[i].hint);
	}
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
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
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
		cmocka_unit_test(preseeds_locales),	   cmocka_unit_test(finds_lines_of_locales),
		cmocka_unit_test(refuses_unknown_locales), cmocka_unit_test(preseeds_time_zones),
		cmocka_unit_test(preseeds_keymaps),	   cmocka_unit_test(preseeds_font_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
