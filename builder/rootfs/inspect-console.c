/* SPDX-License-Identifier: MIT */
/* Keymaps are those of xkb-data's list of rules; fonts and character maps are the files of
 * console-setup-linux (setupcon(1)). */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "deb/deb.h"
#include "recipe/keymap.h"
#include "rootfs/inspect.h"

#define RULES "/rules/base.lst"
#define RULES_MAX ((size_t)4 << 20)
#define FONTS "usr/share/consolefonts/"
#define FONT_END ".psf.gz"
#define CHARMAPS "usr/share/consoletrans/"
#define CHARMAP_END ".acm.gz"
#define DIGITS "0123456789"

/* ---- keymaps ---- */

/* Reads the sections "! layout" and "! variant" of the list, whose lines are "  jp  Japanese" and
 * "  kana  jp: Japanese (Kana)", as keymaps in the recipe's spelling: "jp", "jp(kana)". */
static void read_keymaps(const char *rules, struct strv *ret)
{
	CLEANUP(strv_release) struct strv line = { 0 };
	bool layouts = false, variants = false;

	strv_split(&line, rules, "\n");
	for (size_t i = 0; i < line.count; i++) {
		CLEANUP(strv_release) struct strv word = { 0 };

		strv_split(&word, line.item[i], " \t");
		if (word.count < 2)
			continue;
		if (streq(word.item[0], "!")) {
			layouts = streq(word.item[1], "layout");
			variants = streq(word.item[1], "variant");
		} else if (layouts) {
			strv_add(ret, word.item[0]);
		} else if (variants) {
			strv_addf(ret, "%.*s(%s)", (int)strcspn(word.item[1], ":"), word.item[1],
				  word.item[0]);
		}
	}
}

/* No keymap at all if the image has no such list. The list lies elsewhere in newer packages. */
static int list_keymaps(struct rootfs *rootfs, struct strv *ret, struct err *err)
{
	const struct package *p = packages_find(&rootfs->lock->packages, "xkb-data", ROLE_IMAGE);
	CLEANUP(text_release) struct text text = { 0 };
	CLEANUP(strv_release) struct strv path = { 0 };
	int r = p ? deb_list(rootfs->store, p, &path, err) : 0;

	for (size_t i = 0; r == 0 && i < path.count; i++) {
		if (!ends_with(path.item[i], RULES))
			continue;
		r = deb_read_member(rootfs->store, p, path.item[i], RULES_MAX, &text, err);
		if (r == 0)
			read_keymaps(text.data, ret);
		break;
	}
	return r;
}

/* "de(neo), de(nodeadkeys)": the variants of that layout, as the list has them. */
static char *variants_of(const struct strv *keymap, const char *layout)
{
	cleanup_free char *prefix = xasprintf("%s(", layout);
	CLEANUP(strv_release) struct strv some = { 0 };

	for (size_t i = 0; i < keymap->count; i++)
		if (starts_with(keymap->item[i], prefix))
			strv_add(&some, keymap->item[i]);
	return some.count ? strv_join(&some, ", ") : NULL;
}

static int check_keymap(struct rootfs *rootfs, struct err *err)
{
	const char *wanted = rootfs->recipe->keymap;
	const struct position at = recipe_position(rootfs->recipe, "keymap");
	cleanup_free char *layout = keymap_layout(wanted);
	cleanup_free char *variants = NULL;
	cleanup_free char *hint = NULL;
	CLEANUP(strv_release) struct strv keymap = { 0 };
	int r = list_keymaps(rootfs, &keymap, err);

	if (r < 0 || keymap.count == 0 || strv_has(&keymap, wanted))
		return r;
	position_error(&at, err, "there is no keymap '%s'", wanted);
	variants = strchr(wanted, '(') ? variants_of(&keymap, layout) : NULL;
	if (variants)
		hint = xasprintf("layout '%s' has the variants %s", layout, variants);
	return inspect_hint(err, wanted, &keymap,
			    hint ? hint
				 : "a keymap is an XKB layout, such as de, jp or gb, not one of "
				   "loadkeys; /usr/share/X11/xkb/rules/base.lst of the package "
				   "'xkb-data' lists them");
}

/* ---- fonts ---- */

/* "Fixed16" and "Terminus32x16" of usr/share/consolefonts/Uni2-Terminus32x16.psf.gz. */
static void add_font(const char *path, struct strv *ret)
{
	const char *dash = strchr(path + strlen(FONTS), '-');

	if (dash && ends_with(path, FONT_END))
		strv_addf(ret, "%.*s", (int)(strlen(dash + 1) - strlen(FONT_END)), dash + 1);
}

static void add_charmap(const char *path, struct strv *ret)
{
	const char *name = path + strlen(CHARMAPS);

	if (ends_with(path, CHARMAP_END))
		strv_addf(ret, "%.*s", (int)(strlen(name) - strlen(CHARMAP_END)), name);
}

/* How the file of a font of that size ends: an 8 wide one has its height, a wider one "32x16", the
 * height first (setupcon(1) takes both orders). */
static char *size_ending(const char *size)
{
	const char *x = strchr(size, 'x');
	unsigned long a = strtoul(size, NULL, 10), b = x ? strtoul(x + 1, NULL, 10) : 8;

	if (a == 8 || b == 8)
		return xasprintf("%lu", a == 8 ? b : a);
	return xasprintf("%lux%lu", a > b ? a : b, a > b ? b : a);
}

/* The faces of all fonts, or the sizes of those of one face. */
static void list_parts(const struct strv *font, const char *face, struct strv *ret)
{
	for (size_t i = 0; i < font->count; i++) {
		size_t length = strcspn(font->item[i], DIGITS);

		if (!face)
			strv_addf(ret, "%.*s", (int)length, font->item[i]);
		else if (strlen(face) == length && starts_with(font->item[i], face))
			strv_add(ret, font->item[i] + length);
	}
	strv_sort(ret);
	strv_unique(ret);
}

static int check_part(struct rootfs *rootfs, const char *key, const char *value, const char *wanted,
		      const struct strv *known, struct err *err)
{
	const struct position at = recipe_position(rootfs->recipe, key);
	cleanup_free char *list = strv_join(known, ", ");
	cleanup_free char *hint = xasprintf("there are %s", list);

	if (strv_has(known, wanted))
		return 0;
	position_error(&at, err, "'%s': the package 'console-setup-linux' has no '%s'", key, value);
	return err_hint(err, "%s", hint);
}

static int check_font(struct rootfs *rootfs, const struct strv *font, struct err *err)
{
	const struct recipe *recipe = rootfs->recipe;
	CLEANUP(strv_release) struct strv face = { 0 };
	CLEANUP(strv_release) struct strv size = { 0 };
	cleanup_free char *ending = size_ending(recipe->console.size);
	int r;

	list_parts(font, NULL, &face);
	r = check_part(rootfs, "console.font", recipe->console.font, recipe->console.font, &face,
		       err);
	if (r < 0)
		return r;
	list_parts(font, recipe->console.font, &size);
	return check_part(rootfs, "console.size", recipe->console.size, ending, &size, err);
}

int inspect_console(struct rootfs *rootfs, struct err *err)
{
	const struct package *p =
		packages_find(&rootfs->lock->packages, "console-setup-linux", ROLE_IMAGE);
	CLEANUP(strv_release) struct strv path = { 0 };
	CLEANUP(strv_release) struct strv font = { 0 };
	CLEANUP(strv_release) struct strv charmap = { 0 };
	int r = check_keymap(rootfs, err);

	if (r < 0 || !p)
		return r;
	r = deb_list(rootfs->store, p, &path, err);
	if (r < 0)
		return r;
	strv_add(&charmap, "UTF-8");
	for (size_t i = 0; i < path.count; i++) {
		if (starts_with(path.item[i], FONTS))
			add_font(path.item[i], &font);
		else if (starts_with(path.item[i], CHARMAPS))
			add_charmap(path.item[i], &charmap);
	}
	r = font.count ? check_font(rootfs, &font, err) : 0;
	if (r < 0 || charmap.count == 1)
		return r;
	return check_part(rootfs, "console.charmap", rootfs->recipe->console.charmap,
			  rootfs->recipe->console.charmap, &charmap, err);
}
