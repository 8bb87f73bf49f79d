/* SPDX-License-Identifier: MIT */
/* Lists that packages bring into the tree, in small formats of their own: locales, dependencies of
 * init scripts, what a rebuild varied. */
#include "fuzz.h"
#include "recipe/recipe-list.h"
#include "rootfs/insserv.h"
#include "rootfs/locale-lines.h"
#include "verify/variation.h"

static void find_locales(const char *supported)
{
	static const struct position at = { "x.yaml", 1, 1 };
	CLEANUP(recipe_list_release) struct recipe_list locales = { 0 };
	CLEANUP(strv_release) struct strv lines = { 0 };
	CLEANUP(err_release) struct err err = { 0 };

	recipe_list_add(&locales, "de_DE.UTF-8", &at);
	recipe_list_add(&locales, "de_DE@euro ISO-8859-15", &at);
	recipe_list_add(&locales, "am_ET", &at);
	(void)locale_lines_match(supported, "x", &locales, &lines, &err);
}

static void sort_scripts(const char *depend)
{
	cleanup_free char *sorted = insserv_sorted(depend);
	cleanup_free char *again = sorted ? insserv_sorted(sorted) : NULL;

	assert(!sorted || streq(sorted, again));
}

static void read_variations(const char *text)
{
	CLEANUP(variations_release) struct variations variations = { 0 };
	CLEANUP(err_release) struct err err = { 0 };

	if (variations_parse(text, &variations, &err) < 0)
		return;
	cleanup_free char *written = variations_text(&variations);
	assert(variations_varied(&variations) <= variations.count && written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *text = fuzz_string(data, size);

	find_locales(text);
	sort_scripts(text);
	read_variations(text);
	return 0;
}
