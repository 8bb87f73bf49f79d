/* SPDX-License-Identifier: MIT */
#include "recipe/validate.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "recipe/format.h"
#include "recipe/pin.h"
#include "recipe/values.h"

static int check_excluded(const struct recipe *recipe, const struct recipe_list *wanted,
			  struct err *err)
{
	for (size_t i = 0; i < recipe->exclude.count; i++) {
		const struct recipe_name *excluded = &recipe->exclude.item[i];
		const struct recipe_name *w = recipe_list_find_package(wanted, excluded->value);

		if (!w)
			continue;
		position_error(&excluded->at, err, "'%s' is both excluded and asked for", w->value);
		if (streq(w->at.file, excluded->at.file))
			return err_hint(err, "line %u asks for it: keep one", w->at.line);
		cleanup_free char *place = position_text(&w->at);

		return err_hint(err, "%s asks for it: write '-%s' into packages", place, w->value);
	}
	return 0;
}

/* A package of another architecture needs that one; the image's own goes without saying, so that
 * each package has one name. */
static int check_architectures(const struct recipe *recipe, const struct recipe_list *list,
			       struct err *err)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct recipe_name *item = &list->item[i];
		cleanup_free char *name = xstrndup(item->value, package_name_length(item->value));
		const char *colon = strchr(name, ':');

		if (!colon || recipe_list_has(&recipe->foreign_architectures, colon + 1))
			continue;
		if (streq(colon + 1, recipe->architecture) || streq(colon + 1, "all")) {
			position_error(&item->at, err,
				       "'%s' says the architecture that packages have anyway",
				       item->value);
			return err_hint(err, "write '%.*s%s'", (int)(colon - name), name,
					item->value + strlen(name));
		}
		position_error(&item->at, err,
			       "'%s' is of the architecture %s, which the recipe does not have",
			       item->value, colon + 1);
		return err_hint(err,
				streq(colon + 1, "i386")
					? "write 'foreign-architectures: [i386]' into the recipe"
					: "only packages of i386 run beside those of amd64: leave "
					  "it out");
	}
	return 0;
}

/* A host decides only where the recipe itself says it: Debian's own archive may come from any
 * mirror, and a lock must not depend on which. */
static int check_origin(const struct recipe *recipe, const struct recipe_pin *pin, struct err *err)
{
	CLEANUP(pin_release) struct pin parsed = { 0 };
	const char *hint = NULL;

	if (!pin_parse(pin->pin, &parsed, &hint) || parsed.kind != PIN_ORIGIN)
		return 0;
	for (size_t i = 0; i < recipe->repository_count; i++) {
		cleanup_free char *host = pin_host(recipe->repository[i].url);

		if (*host && pin_pattern_fits(parsed.pattern, host))
			return 0;
	}
	position_error(&pin->at, err, "no apt-repository is on a host '%s'", parsed.pattern);
	return err_hint(err, "mirrors do not count, so Debian's own archive is 'release o=Debian'");
}

static int check_pins(const struct recipe *recipe, struct err *err)
{
	for (size_t i = 0; i < recipe->pin_count; i++) {
		const struct recipe_pin *pin = &recipe->pin[i];

		if (pin->priority == 0) {
			position_error(&pin->at, err,
				       "the pin of '%s' has priority 0, which says "
				       "nothing",
				       pin->package);
			return err_hint(err, "a positive number, or a negative one for never");
		}
		if (pin_is_general(pin->package) && starts_with(pin->pin, "version")) {
			position_error(&pin->at, err,
				       "a pin of all packages cannot be about a version");
			return err_hint(err, "name a package, or write 'release ...'");
		}
		int r = check_origin(recipe, pin, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_init(const struct recipe *recipe, const struct node *root, struct err *err)
{
	const bool systemd = recipe->init == INIT_SYSTEMD;
	const char *other = systemd ? "sysvinit-core" : "systemd-sysv";
	const struct recipe_name *wrong = recipe_list_find_package(&recipe->packages, other);
	const struct position at = node_position(root, "init", recipe->path);

	if (!wrong)
		return 0;
	position_error(at.line ? &at : &wrong->at, err, "package '%s' is not the init system %s",
		       other, systemd ? "systemd" : "sysvinit");
	return err_hint(err, systemd ? "write 'init: sysvinit', or ask for systemd-sysv instead"
				     : "ask for sysvinit-core instead");
}

/* An empty list adds nothing to the one of the recipe that is extended. */
static int hint_no_pockets(const struct recipe *recipe, struct err *err)
{
	if (recipe->laid_over)
		return err_hint(err, "give --set pockets=[], too");
	if (recipe->files.count == 1)
		return err_hint(err, "write 'pockets: []'");
	return err_hint(err, "write 'pockets: " NODE_REPLACE " []' into %s", recipe->path);
}

static int check_suite(const struct recipe *recipe, const struct node *root, struct err *err)
{
	const struct position suite = node_position(root, "suite", recipe->path);
	const struct position pockets = node_position(root, "pockets", recipe->path);

	if (!format_is_rolling_suite(recipe->suite) || !recipe->pockets.count)
		return 0;
	position_error(pockets.line ? &pockets : &suite, err, "suite '%s' has no pockets",
		       recipe->suite);
	return hint_no_pockets(recipe, err);
}

static int check_ids(const struct recipe *recipe, struct err *err)
{
	for (size_t i = 0; i < recipe->id_count; i++)
		for (size_t j = 0; j < i; j++) {
			if (recipe->id[i].id != recipe->id[j].id)
				continue;
			position_error(&recipe->id[i].at, err, "id %u is already that of '%s'",
				       recipe->id[i].id, recipe->id[j].name);
			return err_hint(err, "a user also takes the group of that number");
		}
	return 0;
}

/* An item may name its charset, too: "de_DE ISO-8859-1". */
static bool has_locale(const struct recipe_list *locales, const char *name)
{
	const size_t length = strlen(name);

	for (size_t i = 0; i < locales->count; i++) {
		const char *locale = locales->item[i].value;

		if (starts_with(locale, name) && (!locale[length] || locale[length] == ' '))
			return true;
	}
	return false;
}

static int check_locale(const struct recipe *recipe, const struct node *root, struct err *err)
{
	const struct position at = node_position(root, "default-locale", recipe->path);

	if (streq(recipe->default_locale, "C.UTF-8") ||
	    has_locale(&recipe->locales, recipe->default_locale))
		return 0;
	position_error(&at, err, "default locale '%s' is not among the locales",
		       recipe->default_locale);
	return err_hint(err, "add it to 'locales'");
}

static int check_locales_package(const struct recipe *recipe, struct err *err)
{
	if (!recipe->locales.count || recipe_list_find_package(&recipe->packages, "locales"))
		return 0;
	position_error(&recipe->locales.item[0].at, err, "locales need the package 'locales'");
	return err_hint(err, "add it to 'packages'");
}

/* A user who can log in will do: who can become root is the recipe's business. */
static bool user_can_enter(const struct recipe *recipe)
{
	for (size_t i = 0; i < recipe->user_count; i++)
		if (!streq(recipe->user[i].password, "locked") ||
		    recipe->user[i].authorized_keys.count)
			return true;
	return false;
}

static int check_login(const struct recipe *recipe, const struct node *root, bool overlay_has_keys,
		       struct err *err)
{
	const struct position at = node_position(root, "root.password", recipe->path);

	if (!streq(recipe->root.password, "locked") || recipe->root.authorized_keys.count ||
	    recipe->autologin.terminals.count || overlay_has_keys || user_can_enter(recipe))
		return 0;
	position_error(&at, err,
		       "nobody could log in: root's password is locked, and there is neither a "
		       "key nor an autologin");
	return err_hint(err,
			"give root.authorized-keys, autologin.terminals or a root.password, or "
			"users with a key or a password");
}

static int check_autologin(const struct recipe *recipe, const struct node *root, struct err *err)
{
	const struct position program = node_position(root, "autologin.program", recipe->path);

	if (!streq(recipe->autologin.program, "mingetty") || !recipe->autologin.terminals.count ||
	    recipe_list_find_package(&recipe->packages, "mingetty"))
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

static int check_double_overlays(const struct recipe *recipe, struct err *err)
{
	for (size_t i = 0; i < recipe->overlays.count; i++)
		for (size_t j = 0; j < i; j++)
			if (streq(recipe->overlays.item[i].value, recipe->overlays.item[j].value))
				return position_error(&recipe->overlays.item[i].at, err,
						      "'overlays' lists '%s' twice",
						      recipe->overlays.item[i].value);
	return 0;
}

static int check_tree_files(const struct recipe *recipe, struct err *err)
{
	for (size_t i = 0; i < recipe->tree_file_count; i++) {
		const struct recipe_tree_file *file = &recipe->tree_file[i];

		if (!file->content == !file->source.path) {
			position_error(&file->at, err, "file '%s' has %s", file->path,
				       file->content ? "both content and source"
						     : "neither content nor source");
			return err_hint(err, "say one of them; an empty file has content: \"\"");
		}
		for (size_t j = 0; j < i; j++)
			if (streq(file->path, recipe->tree_file[j].path)) {
				position_error(&file->at, err, "'files' has '%s' twice",
					       file->path);
				return err_hint(err,
						"write '-%s' before the new one to replace an "
						"inherited one",
						file->path);
			}
	}
	return 0;
}

static int check_packages(const struct recipe *recipe, const struct node *root, struct err *err)
{
	int r = check_architectures(recipe, &recipe->packages, err);

	if (r < 0)
		return r;
	r = check_architectures(recipe, &recipe->exclude, err);
	if (r < 0)
		return r;
	r = check_pins(recipe, err);
	if (r < 0)
		return r;
	r = check_excluded(recipe, &recipe->packages, err);
	if (r < 0)
		return r;
	if (*recipe->kernel && recipe_list_find(&recipe->exclude, recipe->kernel))
		return position_error(&recipe_list_find(&recipe->exclude, recipe->kernel)->at, err,
				      "'%s' is excluded, but it is the kernel", recipe->kernel);
	r = check_init(recipe, root, err);
	if (r < 0)
		return r;
	r = check_suite(recipe, root, err);
	if (r < 0)
		return r;
	r = check_ids(recipe, err);
	return r;
}

static int check_firmware(const struct recipe *recipe, const struct node *root, struct err *err)
{
	const struct position at = node_position(root, "firmware", recipe->path);

	if (recipe->firmware == CARD_FIRMWARE_NONE ||
	    recipe_list_has(&recipe->components, "non-free-firmware"))
		return 0;
	position_error(&at, err, "firmware needs the component 'non-free-firmware'");
	return err_hint(err, "add it to 'components'%s",
			node_find(root, "components") ? "" : ": [main, non-free-firmware]");
}

/* A default that follows from the name must have the form that a given value must have. */
static int check_computed(const struct recipe *recipe, const struct node *root, const char *parent,
			  struct err *err)
{
	const struct position name = node_position(root, "name", recipe->path);

	for (const struct schema_key *k = NULL; (k = schema_next(parent, k));) {
		const char *hint = NULL;
		int r = k->type == SCHEMA_SECTION ? check_computed(recipe, root, k->path, err) : 0;

		if (r < 0)
			return r;
		if (k->type != SCHEMA_TEXT || !k->fallback || !strstr(k->fallback, "${") ||
		    node_find(root, k->path))
			continue;
		const char *value =
			*(char *const *)(const void *)((const char *)recipe + k->offset);

		if (!*value || k->format->is(value, &hint))
			continue;
		position_error(&name, err, "'%s' would be '%s', which is not %s", k->path, value,
			       k->format->noun);
		return err_hint(err, "give '%s' explicitly: %s", k->path, k->format->rule);
	}
	return 0;
}

static int check_default_label(const struct recipe *recipe, const struct node *root,
			       struct err *err)
{
	const struct position name = node_position(root, "name", recipe->path);
	const char *hint = NULL;

	for (size_t i = 0; i < recipe->menu.entry_count; i++) {
		const struct recipe_menu_entry *entry = &recipe->menu.entry[i];

		if (entry->at.line || format_label.is(entry->label, &hint))
			continue;
		position_error(&name, err, "the menu's label would be '%s', which is not %s",
			       entry->label, format_label.noun);
		return err_hint(err, "give 'menu.entries': a label is %s", format_label.rule);
	}
	return 0;
}

static int check_identity(const struct recipe *recipe, struct err *err)
{
	for (size_t i = 0; i < recipe->identity_count; i++) {
		const struct recipe_identity *identity = &recipe->identity[i];

		for (size_t j = 0; j < i; j++)
			if (streq(recipe->identity[j].path, identity->path))
				return position_error(&identity->at, err,
						      "'identity' lists '%s' twice",
						      identity->path);
		if (identity->action == IDENTITY_MAKE || !*identity->command)
			continue;
		position_error(&identity->at, err, "'%s' has a command, but is not made at boot",
			       identity->path);
		return err_hint(err, "write 'do: make-at-boot', or leave the command out");
	}
	return 0;
}

int validate_recipe(const struct recipe *recipe, const struct node *root, bool overlay_has_keys,
		    struct err *err)
{
	int r = check_computed(recipe, root, "", err);

	if (r < 0)
		return r;
	r = check_default_label(recipe, root, err);
	if (r < 0)
		return r;
	r = check_packages(recipe, root, err);
	if (r < 0)
		return r;
	r = validate_archives(recipe, err);
	if (r < 0)
		return r;
	r = check_firmware(recipe, root, err);
	if (r < 0)
		return r;
	r = check_locale(recipe, root, err);
	if (r < 0)
		return r;
	r = check_locales_package(recipe, err);
	if (r < 0)
		return r;
	r = validate_accounts(recipe, err);
	if (r < 0)
		return r;
	r = check_login(recipe, root, overlay_has_keys, err);
	if (r < 0)
		return r;
	r = check_autologin(recipe, root, err);
	if (r < 0)
		return r;
	r = check_double_overlays(recipe, err);
	if (r < 0)
		return r;
	r = check_tree_files(recipe, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < schema_count && r >= 0; i++)
		if (schema[i].type == SCHEMA_FILES)
			r = check_double_files(schema[i].path, values_files(&schema[i], recipe),
					       err);
	if (r < 0)
		return r;
	r = validate_initramfs(recipe, root, err);
	if (r < 0)
		return r;
	r = check_identity(recipe, err);
	if (r < 0)
		return r;
	r = validate_menu(recipe, root, err);
	if (r < 0)
		return r;
	r = validate_loaders(recipe, err);
	if (r < 0)
		return r;
	r = validate_server(recipe, root, err);
	return r;
}
