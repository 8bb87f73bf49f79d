/* SPDX-License-Identifier: MIT */
#include "rootfs/settings.h"

#include <string.h>

#include "base/memory.h"
#include "recipe/keymap.h"

char *settings_timezone(const char *timezone)
{
	return strchr(timezone, '/') ? xstrdup(timezone) : xasprintf("Etc/%s", timezone);
}

static void preseed_locales(const struct recipe *recipe, const struct strv *locale_lines,
			    struct text *ret)
{
	cleanup_free char *all = strv_join(locale_lines, ", ");

	text_printf(ret, "locales locales/locales_to_be_generated multiselect%s%s\n",
		    *all ? " " : "", all);
	text_printf(ret, "locales locales/default_environment_locale select %s\n",
		    recipe->default_locale);
}

static void preseed_timezone(const struct recipe *recipe, struct text *ret)
{
	cleanup_free char *timezone = settings_timezone(recipe->timezone);
	size_t area = strcspn(timezone, "/");

	text_printf(ret, "tzdata tzdata/Areas select %.*s\n", (int)area, timezone);
	text_printf(ret, "tzdata tzdata/Zones/%.*s select %s\n", (int)area, timezone,
		    timezone + area + 1);
}

static void preseed_keyboard(const struct recipe *recipe, struct text *ret)
{
	cleanup_free char *layout = keymap_layout(recipe->keymap);
	cleanup_free char *variant = keymap_variant(recipe->keymap);

	text_printf(ret,
		    "keyboard-configuration keyboard-configuration/modelcode string pc105\n"
		    "keyboard-configuration keyboard-configuration/layoutcode string %s\n"
		    "keyboard-configuration keyboard-configuration/variantcode string %s\n"
		    "keyboard-configuration keyboard-configuration/optionscode string\n"
		    "keyboard-configuration keyboard-configuration/xkb-keymap select %s\n",
		    layout, variant, recipe->keymap);
}

/* console-setup takes a size only as its own menu has it: 8x16 as it is, wider fonts with a remark
 * after them. The smaller number comes first, except that an 8 always does. */
static char *font_size_choice(const char *size)
{
	const char *x = strchr(size, 'x');
	uint64_t width = 8, height = 0;
	cleanup_free char *first = x ? xstrndup(size, (size_t)(x - size)) : NULL;

	if (parse_u64(x ? x + 1 : size, &height) < 0 || (first && parse_u64(first, &width) < 0))
		return xstrdup(size);
	if (height == 8) {
		height = width;
		width = 8;
	}
	if (width == 8)
		return xasprintf("8x%u", (unsigned)height);
	return xasprintf("%ux%u (framebuffer only)", (unsigned)(width < height ? width : height),
			 (unsigned)(width < height ? height : width));
}

static void preseed_console(const struct recipe *recipe, struct text *ret)
{
	cleanup_free char *choice = font_size_choice(recipe->console.size);

	/* With `store_defaults` console-setup's config script would overwrite the answers by
	 * guesses; its postinst sets it back to true. */
	text_printf(ret,
		    "console-setup console-setup/store_defaults_in_debconf_db boolean false\n"
		    "console-setup console-setup/charmap47 select %s\n"
		    "console-setup console-setup/codeset47 select Guess optimal character set\n"
		    "console-setup console-setup/codesetcode string guess\n"
		    "console-setup console-setup/fontface47 select %s\n"
		    "console-setup console-setup/fontsize string %s\n"
		    "console-setup console-setup/fontsize-text47 select %s\n"
		    "console-setup console-setup/fontsize-fb47 select %s\n",
		    recipe->console.charmap, recipe->console.font, recipe->console.size, choice,
		    choice);
}

void settings_preseed(const struct recipe *recipe, const struct strv *locale_lines,
		      struct text *ret)
{
	preseed_locales(recipe, locale_lines, ret);
	preseed_timezone(recipe, ret);
	preseed_keyboard(recipe, ret);
	preseed_console(recipe, ret);
	for (size_t i = 0; i < recipe->debconf.count; i++)
		text_printf(ret, "%s\n", recipe->debconf.item[i].value);
}
