/* SPDX-License-Identifier: MIT */
#include "rootfs/settings.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "recipe/keymap.h"

/* locale(1) writes codesets in lower case, without punctuation: de_DE.UTF-8 is de_DE.utf8. */
static char *listed_name(const char *locale)
{
	CLEANUP(text_release) struct text name = { 0 };
	size_t codeset = strcspn(locale, ".");
	size_t modifier = codeset + strcspn(locale + codeset, "@");

	text_append(&name, locale, codeset + (locale[codeset] == '.'));
	for (size_t i = codeset; i < modifier; i++) {
		char c = (char)tolower((unsigned char)locale[i]);

		if (isalnum((unsigned char)c))
			text_append(&name, &c, 1);
	}
	text_add(&name, locale + modifier);
	return text_take(&name);
}

static int list_locales(struct rootfs *rootfs, struct strv *ret, struct err *err)
{
	static const char *const argv[] = { "locale", "-a", NULL };

	return settings_lines(rootfs, argv, ret, NULL, err);
}

/* The first locale of the recipe that the tree does not have; NULL if it has them all. */
static const struct recipe_name *missing_locale(const struct rootfs *rootfs,
						const struct strv *have)
{
	for (size_t i = 0; i < rootfs->recipe->locales.count; i++) {
		const struct recipe_name *locale = &rootfs->recipe->locales.item[i];
		const char *line = i < rootfs->locale_lines.count ? rootfs->locale_lines.item[i]
								  : locale->value;
		cleanup_free char *name = xstrndup(line, strcspn(line, " "));
		cleanup_free char *listed = listed_name(name);

		if (!strv_has(have, listed))
			return locale;
	}
	return NULL;
}

static int check_locales(struct rootfs *rootfs, struct err *err)
{
	CLEANUP(strv_release) struct strv before = { 0 };
	CLEANUP(strv_release) struct strv after = { 0 };
	const struct recipe_name *missing;
	bool can_generate = false;
	int r;

	r = list_locales(rootfs, &before, err);
	if (r < 0)
		return r;
	missing = missing_locale(rootfs, &before);
	if (!missing)
		return 0;
	r = sandbox_exists(rootfs->sandbox, "/usr/sbin/locale-gen", &can_generate, err);
	if (r < 0)
		return r;
	if (!can_generate) {
		position_error(&missing->at, err, "nothing in the image can generate locale '%s'",
			       missing->value);
		return err_hint(err, "add 'locales' to packages");
	}
	r = sandbox_call(rootfs->sandbox, err, "locale-gen", NULL);
	if (r < 0)
		return r;
	r = list_locales(rootfs, &after, err);
	if (r < 0)
		return r;
	missing = missing_locale(rootfs, &after);
	if (!missing)
		return 0;
	return position_error(&missing->at, err, "locale-gen did not make the locale '%s'",
			      missing->value);
}

/* login and sshd set LANG from /etc/default/locale (pam_env). If the package locales is installed,
 * its postinst has written it. */
static int set_default_locale(struct rootfs *rootfs, struct err *err)
{
	cleanup_free char *wanted = xasprintf("LANG=%s\n", rootfs->recipe->default_locale);
	cleanup_free char *assignment = xasprintf("LANG=%s", rootfs->recipe->default_locale);
	CLEANUP(text_release) struct text text = { 0 };
	bool exists, has_tool = false;
	int r;

	r = settings_read(rootfs, "/etc/default/locale", &exists, &text, err);
	if (r < 0)
		return r;
	if (exists && strstr(text.data, wanted))
		return 0;
	r = sandbox_exists(rootfs->sandbox, "/usr/sbin/update-locale", &has_tool, err);
	if (r < 0)
		return r;
	if (has_tool)
		return sandbox_call(rootfs->sandbox, err, "update-locale", "--no-checks",
				    assignment, NULL);
	return settings_write(rootfs, "/etc/default/locale", wanted, 0644, err);
}

static int refuse_timezone(struct rootfs *rootfs, const char *timezone, struct err *err)
{
	bool has_database = false;
	int r;

	r = sandbox_exists(rootfs->sandbox, "/usr/share/zoneinfo", &has_database, err);
	if (r < 0)
		return r;
	if (!has_database && streq(timezone, "Etc/UTC"))
		return 0; /* libc takes it without any file */
	err_set(err, ERR_USAGE, "no time zone '%s' in the image", timezone);
	return err_hint(err, has_database ? "names are as in /usr/share/zoneinfo: Europe/Berlin"
					  : "add 'tzdata' to packages");
}

static int check_timezone(struct rootfs *rootfs, struct err *err)
{
	static const char *const argv[] = { "readlink", "/etc/localtime", NULL };
	cleanup_free char *timezone = settings_timezone(rootfs->recipe->timezone);
	cleanup_free char *zone = xasprintf("/usr/share/zoneinfo/%s", timezone);
	cleanup_free char *line = xasprintf("%s\n", timezone);
	cleanup_free char *target = xasprintf("%s\n", zone);
	CLEANUP(text_release) struct text now = { 0 };
	bool exists = false;
	int status, r;

	r = sandbox_exists(rootfs->sandbox, zone, &exists, err);
	if (r < 0)
		return r;
	if (!exists)
		return refuse_timezone(rootfs, timezone, err);
	r = settings_output(rootfs, argv, &now, &status, err);
	if (r < 0 || (status == 0 && streq(now.data, target)))
		return r;
	/* tzdata was configured before it got its answers; its config script believes the link. */
	r = sandbox_call(rootfs->sandbox, err, "ln", "-snf", zone, "/etc/localtime", NULL);
	if (r < 0)
		return r;
	r = sandbox_exists(rootfs->sandbox, "/etc/timezone", &exists, err);
	if (r < 0)
		return r;
	if (exists) {
		r = settings_write(rootfs, "/etc/timezone", line, 0644, err);
		if (r < 0)
			return r;
	}
	return sandbox_call(rootfs->sandbox, err, "dpkg-reconfigure", "--frontend=noninteractive",
			    "tzdata", NULL);
}

/* A package got the value of `key` as an answer of debconf; `line` is what it must have written to
 * `file`. */
static int check_answer(struct rootfs *rootfs, const char *file, const char *package,
			const char *line, const char *key, const char *value, bool is_default,
			struct err *err)
{
	CLEANUP(text_release) struct text text = { 0 };
	cleanup_free char *own_line = xasprintf("\n%s\n", line);
	bool exists;
	int r;

	r = settings_read(rootfs, file, &exists, &text, err);
	if (r < 0)
		return r;
	if (!exists && is_default)
		return 0;
	if (!exists) {
		err_set(err, ERR_USAGE, "nothing in the image can set %s '%s'", key, value);
		return err_hint(err, "add '%s' to packages", package);
	}
	if (!strstr(text.data, own_line))
		return err_set(err, ERR_BUILD, "%s did not take %s '%s': no line %s in its %s",
			       package, key, value, line, file);
	return 0;
}

static int check_keyboard(struct rootfs *rootfs, struct err *err)
{
	static const char file[] = "/etc/default/keyboard";
	static const char package[] = "keyboard-configuration";
	const char *keymap = rootfs->recipe->keymap;
	cleanup_free char *layout = keymap_layout(keymap);
	cleanup_free char *variant = keymap_variant(keymap);
	cleanup_free char *layout_line = xasprintf("XKBLAYOUT=\"%s\"", layout);
	cleanup_free char *variant_line = xasprintf("XKBVARIANT=\"%s\"", variant);
	bool is_default = streq(keymap, "us");
	int r;

	r = check_answer(rootfs, file, package, layout_line, "keymap", keymap, is_default, err);
	if (r < 0)
		return r;
	return check_answer(rootfs, file, package, variant_line, "keymap", keymap, is_default, err);
}

static int check_font(struct rootfs *rootfs, struct err *err)
{
	static const char file[] = "/etc/default/console-setup";
	cleanup_free char *face = xasprintf("FONTFACE=\"%s\"", rootfs->recipe->console.font);
	cleanup_free char *charmap = xasprintf("CHARMAP=\"%s\"", rootfs->recipe->console.charmap);
	bool exists = false;
	int r;

	r = sandbox_exists(rootfs->sandbox, file, &exists, err);
	if (r < 0 || !exists)
		return r; /* the console keeps the kernel's font */
	r = check_answer(rootfs, file, "console-setup", face, "console font",
			 rootfs->recipe->console.font, false, err);
	if (r < 0)
		return r;
	return check_answer(rootfs, file, "console-setup", charmap, "console charmap",
			    rootfs->recipe->console.charmap, false, err);
}

int settings_locale(struct rootfs *rootfs, struct err *err)
{
	int r;

	r = check_locales(rootfs, err);
	if (r < 0)
		return r;
	r = set_default_locale(rootfs, err);
	if (r < 0)
		return r;
	r = check_timezone(rootfs, err);
	if (r < 0)
		return r;
	r = check_keyboard(rootfs, err);
	if (r < 0)
		return r;
	return check_font(rootfs, err);
}
