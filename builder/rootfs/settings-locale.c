/* SPDX-License-Identifier: MIT */
#include "rootfs/settings.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/memory.h"

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

static int list_locales(struct rootfs *r, struct strv *ret, struct err *err)
{
	static const char *const argv[] = { "locale", "-a", NULL };
	CLEANUP(text_release) struct text names = { 0 };
	int e;

	e = settings_output(r, argv, &names, NULL, err);
	if (e < 0)
		return e;
	strv_split(ret, names.data, "\n");
	return 0;
}

/* The first locale of the recipe that the tree has not; NULL if it has them all. */
static const struct recipe_name *missing_locale(const struct recipe *recipe,
						const struct strv *have)
{
	for (size_t i = 0; i < recipe->locales.count; i++) {
		cleanup_free char *name = listed_name(recipe->locales.item[i].value);

		if (!strv_has(have, name))
			return &recipe->locales.item[i];
	}
	return NULL;
}

static int check_locales(struct rootfs *r, struct err *err)
{
	CLEANUP(strv_release) struct strv before = { 0 };
	CLEANUP(strv_release) struct strv after = { 0 };
	const struct recipe_name *missing;
	bool can_generate = false;
	int e;

	e = list_locales(r, &before, err);
	if (e < 0)
		return e;
	missing = missing_locale(r->recipe, &before);
	if (!missing)
		return 0;
	e = sandbox_exists(r->sandbox, "/usr/sbin/locale-gen", &can_generate, err);
	if (e < 0)
		return e;
	if (!can_generate) {
		position_error(&missing->at, err, "nothing in the image can generate locale '%s'",
			       missing->value);
		return err_hint(err, "add 'locales' to packages");
	}
	e = sandbox_call(r->sandbox, err, "locale-gen", NULL);
	if (e < 0)
		return e;
	e = list_locales(r, &after, err);
	if (e < 0)
		return e;
	missing = missing_locale(r->recipe, &after);
	if (!missing)
		return 0;
	position_error(&missing->at, err, "no locale '%s'", missing->value);
	return err_hint(err,
			"/usr/share/i18n/SUPPORTED of the package 'locales' lists what there is");
}

/* login and sshd set LANG from this file (pam_env); where locales is installed its postinst
 * wrote it. */
static int set_default_locale(struct rootfs *r, struct err *err)
{
	cleanup_free char *wanted = xasprintf("LANG=%s\n", r->recipe->default_locale);
	cleanup_free char *assignment = xasprintf("LANG=%s", r->recipe->default_locale);
	CLEANUP(text_release) struct text text = { 0 };
	bool exists, has_tool = false;
	int e;

	e = settings_read(r, "/etc/default/locale", &exists, &text, err);
	if (e < 0)
		return e;
	if (exists && strstr(text.data, wanted))
		return 0;
	e = sandbox_exists(r->sandbox, "/usr/sbin/update-locale", &has_tool, err);
	if (e < 0)
		return e;
	if (has_tool)
		return sandbox_call(r->sandbox, err, "update-locale", "--no-checks", assignment,
				    NULL);
	return settings_write(r, "/etc/default/locale", wanted, 0644, err);
}

static int refuse_timezone(struct rootfs *r, const char *timezone, struct err *err)
{
	bool has_database = false;
	int e;

	e = sandbox_exists(r->sandbox, "/usr/share/zoneinfo", &has_database, err);
	if (e < 0)
		return e;
	if (!has_database && streq(timezone, "Etc/UTC"))
		return 0; /* what libc takes without any file */
	err_set(err, ERR_USAGE, "no time zone '%s' in the image", timezone);
	return err_hint(err, has_database ? "names are as in /usr/share/zoneinfo: Europe/Berlin"
					  : "add 'tzdata' to packages");
}

static int check_timezone(struct rootfs *r, struct err *err)
{
	static const char *const argv[] = { "readlink", "/etc/localtime", NULL };
	cleanup_free char *timezone = settings_timezone(r->recipe->timezone);
	cleanup_free char *zone = xasprintf("/usr/share/zoneinfo/%s", timezone);
	cleanup_free char *line = xasprintf("%s\n", timezone);
	cleanup_free char *target = xasprintf("%s\n", zone);
	CLEANUP(text_release) struct text now = { 0 };
	bool exists = false;
	int status, e;

	e = sandbox_exists(r->sandbox, zone, &exists, err);
	if (e < 0)
		return e;
	if (!exists)
		return refuse_timezone(r, timezone, err);
	e = settings_output(r, argv, &now, &status, err);
	if (e < 0 || (status == 0 && streq(now.data, target)))
		return e;
	/* tzdata was configured before it could be preseeded: its config script believes the
	 * link. */
	e = sandbox_call(r->sandbox, err, "ln", "-snf", zone, "/etc/localtime", NULL);
	if (e < 0)
		return e;
	e = sandbox_exists(r->sandbox, "/etc/timezone", &exists, err);
	if (e < 0)
		return e;
	if (exists) {
		e = settings_write(r, "/etc/timezone", line, 0644, err);
		if (e < 0)
			return e;
	}
	return sandbox_call(r->sandbox, err, "dpkg-reconfigure", "--frontend=noninteractive",
			    "tzdata", NULL);
}

/* A package that has a say in `key` was asked through debconf; `file` is what it made of the
 * answer. */
static int check_answer(struct rootfs *r, const char *file, const char *package, const char *line,
			const char *key, const char *value, bool is_default, struct err *err)
{
	CLEANUP(text_release) struct text text = { 0 };
	cleanup_free char *own_line = xasprintf("\n%s\n", line);
	bool exists;
	int e;

	e = settings_read(r, file, &exists, &text, err);
	if (e < 0)
		return e;
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

static int check_keyboard(struct rootfs *r, struct err *err)
{
	static const char file[] = "/etc/default/keyboard";
	static const char package[] = "keyboard-configuration";
	const char *keymap = r->recipe->keymap;
	cleanup_free char *layout = NULL;
	cleanup_free char *variant = NULL;
	cleanup_free char *layout_line = NULL;
	cleanup_free char *variant_line = NULL;
	bool is_default = streq(keymap, "us");
	int e;

	settings_keymap(keymap, &layout, &variant);
	layout_line = xasprintf("XKBLAYOUT=\"%s\"", layout);
	variant_line = xasprintf("XKBVARIANT=\"%s\"", variant);
	e = check_answer(r, file, package, layout_line, "keymap", keymap, is_default, err);
	if (e < 0)
		return e;
	return check_answer(r, file, package, variant_line, "keymap", keymap, is_default, err);
}

static int check_font(struct rootfs *r, struct err *err)
{
	static const char file[] = "/etc/default/console-setup";
	cleanup_free char *face = xasprintf("FONTFACE=\"%s\"", r->recipe->console.font);
	cleanup_free char *charmap = xasprintf("CHARMAP=\"%s\"", r->recipe->console.charmap);
	bool exists = false;
	int e;

	e = sandbox_exists(r->sandbox, file, &exists, err);
	if (e < 0 || !exists)
		return e; /* the kernel's own font then */
	e = check_answer(r, file, "console-setup", face, "console font", r->recipe->console.font,
			 false, err);
	if (e < 0)
		return e;
	return check_answer(r, file, "console-setup", charmap, "console charmap",
			    r->recipe->console.charmap, false, err);
}

int settings_locale(struct rootfs *r, struct err *err)
{
	int e;

	e = check_locales(r, err);
	if (e < 0)
		return e;
	e = set_default_locale(r, err);
	if (e < 0)
		return e;
	e = check_timezone(r, err);
	if (e < 0)
		return e;
	e = check_keyboard(r, err);
	if (e < 0)
		return e;
	return check_font(r, err);
}
