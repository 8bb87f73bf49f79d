// SPDX-License-Identifier: MIT
#include "recipe/validate.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "recipe/format.h"
#include "recipe/value.h"

struct position validate_position(const struct recipe *r, const struct node *root, const char *key)
{
	const struct node *n = node_find(root, key);

	return n ? n->at : (struct position){ .file = r->path };
}

static const struct recipe_name *find(const struct recipe_list *l, const char *value)
{
	for (size_t i = 0; i < l->count; i++)
		if (streq(l->item[i].value, value))
			return &l->item[i];
	return NULL;
}

static int check_renamed(const struct recipe_list *l, struct err *err)
{
	for (size_t i = 0; i < l->count; i++) {
		const char *now = format_renamed_package(l->item[i].value);

		if (!now)
			continue;
		position_error(&l->item[i].at, err, "package '%s' has another name today",
			       l->item[i].value);
		return err_hint(err, "write '%s'", now);
	}
	return 0;
}

static int check_excluded(const struct recipe *r, const struct recipe_list *wanted, struct err *err)
{
	for (size_t i = 0; i < r->exclude.count; i++) {
		const struct recipe_name *excluded = &r->exclude.item[i];
		const struct recipe_name *w = find(wanted, excluded->value);

		if (!w)
			continue;
		position_error(&excluded->at, err, "'%s' is excluded and asked for", w->value);
		if (streq(w->at.file, excluded->at.file))
			return err_hint(err, "line %u asks for it: keep one", w->at.line);
		return err_hint(err, "%s:%u asks for it: write '-%s' into packages", w->at.file,
				w->at.line, w->value);
	}
	return 0;
}

static int check_init(const struct recipe *r, const struct node *root, struct err *err)
{
	const bool systemd = r->init == INIT_SYSTEMD;
	const char *other = systemd ? "sysvinit-core" : "systemd-sysv";
	const struct recipe_name *wrong = find(&r->packages, other);
	const struct position at = validate_position(r, root, "init");

	if (!wrong)
		return 0;
	position_error(at.line ? &at : &wrong->at, err, "package '%s' is not the init system %s",
		       other, systemd ? "systemd" : "sysvinit");
	return err_hint(err, systemd ? "write 'init: sysvinit', or ask for systemd-sysv instead"
				     : "ask for sysvinit-core instead");
}

static int check_suite(const struct recipe *r, const struct node *root, struct err *err)
{
	const struct position suite = validate_position(r, root, "suite");
	const struct position pockets = validate_position(r, root, "pockets");

	if (!format_is_rolling_suite(r->suite) || !r->pockets.count)
		return 0;
	position_error(pockets.line ? &pockets : &suite, err, "suite '%s' has no pockets",
		       r->suite);
	return err_hint(err, "write 'pockets: []'");
}

static int check_ids(const struct recipe *r, struct err *err)
{
	for (size_t i = 0; i < r->id_count; i++)
		for (size_t j = 0; j < i; j++) {
			if (r->id[i].id != r->id[j].id)
				continue;
			position_error(&r->id[i].at, err, "id %u is already that of '%s'",
				       r->id[i].id, r->id[j].name);
			return err_hint(err, "a user takes a group of its number, too");
		}
	return 0;
}

static int check_locale(const struct recipe *r, const struct node *root, struct err *err)
{
	const struct position at = validate_position(r, root, "default-locale");

	if (streq(r->default_locale, "C.UTF-8") || find(&r->locales, r->default_locale))
		return 0;
	position_error(&at, err, "default locale '%s' is not among the locales", r->default_locale);
	return err_hint(err, "add it to 'locales'");
}

static int check_locales_package(const struct recipe *r, struct err *err)
{
	if (!r->locales.count || find(&r->packages, "locales"))
		return 0;
	position_error(&r->locales.item[0].at, err, "locales need the package 'locales'");
	return err_hint(err, "add it to 'packages'");
}

static int check_login(const struct recipe *r, const struct node *root, bool overlay_has_keys,
		       struct err *err)
{
	const struct position at = validate_position(r, root, "root.password");

	if (!streq(r->root.password, "locked") || r->root.authorized_keys.count ||
	    r->autologin.terminals.count || overlay_has_keys)
		return 0;
	position_error(&at, err, "nobody could log in: root is locked, without key and autologin");
	return err_hint(err, "give root.authorized-keys, autologin.terminals, or a root.password");
}

static int check_autologin(const struct recipe *r, const struct node *root, struct err *err)
{
	const struct position program = validate_position(r, root, "autologin.program");

	if (!streq(r->autologin.program, "mingetty") || !r->autologin.terminals.count ||
	    find(&r->packages, "mingetty"))
		return 0;
	position_error(&program, err, "autologin by mingetty needs the package 'mingetty'");
	return err_hint(err, "add it to 'packages', or write 'program: agetty'");
}

static int check_double_files(const char *key, const struct recipe_files *files, struct err *err)
{
	for (size_t i = 0; i < files->count; i++)
		for (size_t j = 0; j < i; j++)
			if (streq(files->item[i].path, files->item[j].path))
				return position_error(&files->item[i].at, err,
						      "'%s' lists '%s' twice", key,
						      files->item[i].path);
	return 0;
}

static int check_double_overlays(const struct recipe *r, struct err *err)
{
	for (size_t i = 0; i < r->overlays.count; i++)
		for (size_t j = 0; j < i; j++)
			if (streq(r->overlays.item[i].value, r->overlays.item[j].value))
				return position_error(&r->overlays.item[i].at, err,
						      "'overlays' lists '%s' twice",
						      r->overlays.item[i].value);
	return 0;
}

static int check_packages(const struct recipe *r, const struct node *root, struct err *err)
{
	int e = check_renamed(&r->packages, err);

	if (e == 0)
		e = check_renamed(&r->boot_packages, err);
	if (e == 0)
		e = check_excluded(r, &r->packages, err);
	if (e == 0 && *r->kernel && find(&r->exclude, r->kernel))
		e = position_error(&find(&r->exclude, r->kernel)->at, err,
				   "'%s' is excluded and the kernel", r->kernel);
	if (e == 0)
		e = check_init(r, root, err);
	if (e == 0)
		e = check_suite(r, root, err);
	if (e == 0)
		e = check_ids(r, err);
	return e;
}

/* What follows from the name and other values has to have the form of one that is given. */
static int check_computed(const struct recipe *r, const struct node *root, const char *parent,
			  struct err *err)
{
	const struct position name = validate_position(r, root, "name");

	for (const struct schema_key *k = NULL; (k = schema_next(parent, k));) {
		const char *hint = NULL;

		if (k->type == SCHEMA_SECTION && check_computed(r, root, k->path, err) < 0)
			return -EIO;
		if (k->type != SCHEMA_TEXT || !k->fallback || !strstr(k->fallback, "${") ||
		    node_find(root, k->path))
			continue;
		const char *value = *(char *const *)(const void *)((const char *)r + k->offset);

		if (!*value || k->format->is(value, &hint))
			continue;
		position_error(&name, err, "'%s' would be '%s', which is not %s", k->path, value,
			       k->format->noun);
		return err_hint(err, "give '%s' explicitly: %s", k->path, k->format->rule);
	}
	return 0;
}

static int check_default_label(const struct recipe *r, const struct node *root, struct err *err)
{
	const struct position name = validate_position(r, root, "name");
	const char *hint = NULL;

	for (size_t i = 0; i < r->menu.entry_count; i++) {
		const struct recipe_menu_entry *e = &r->menu.entry[i];

		if (e->at.line || format_label.is(e->label, &hint))
			continue;
		position_error(&name, err, "the menu's label would be '%s', which is not %s",
			       e->label, format_label.noun);
		return err_hint(err, "give 'menu.entries': a label is %s", format_label.rule);
	}
	return 0;
}

int validate_recipe(const struct recipe *r, const struct node *root, bool overlay_has_keys,
		    struct err *err)
{
	int e = check_computed(r, root, "", err);

	if (e == 0)
		e = check_default_label(r, root, err);
	if (e == 0)
		e = check_packages(r, root, err);
	if (e == 0)
		e = check_locale(r, root, err);
	if (e == 0)
		e = check_locales_package(r, err);
	if (e == 0)
		e = check_login(r, root, overlay_has_keys, err);
	if (e == 0)
		e = check_autologin(r, root, err);
	if (e == 0)
		e = check_double_overlays(r, err);
	if (e == 0)
		e = check_double_files("scripts", &r->scripts, err);
	if (e == 0)
		e = check_double_files("debs", &r->debs, err);
	if (e == 0)
		e = validate_menu(r, root, err);
	if (e == 0)
		e = validate_loaders(r, err);
	if (e == 0)
		e = validate_server(r, root, err);
	return e;
}
