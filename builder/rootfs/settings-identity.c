/* SPDX-License-Identifier: MIT */
#include "rootfs/settings.h"

#include <fnmatch.h>
#include <string.h>

#include "base/memory.h"
#include "recipe/recipe-identity.h"
#include "rootfs/identity.h"

#define DKMS_SETTINGS "/etc/dkms/framework.conf.d/netrescue.conf"
#define BY_RECIPE "the recipe's identity"

/* What is done, collected first: a rule may match what the recipe keeps. */
struct identities {
	struct rootfs *rootfs;
	struct strv present; /* what matches the pattern of a rule or of the recipe, sorted */
	struct strv removed; /* of these */
	struct identity_boot boot;
};

static void identities_release(struct identities *all)
{
	strv_release(&all->present);
	strv_release(&all->removed);
	identity_boot_release(&all->boot);
}

int identity_prevent(struct rootfs *rootfs, struct err *err)
{
	static const char text[] = "# dkms(8) signs nothing if this is no program.\n"
				   "sign_file=/dev/null\n";
	const struct recipe_identity *identity =
		recipe_identity_find(rootfs->recipe, "/var/lib/dkms/mok.key");

	if (!packages_find(&rootfs->lock->packages, "dkms", ROLE_IMAGE) ||
	    (identity && identity->action == IDENTITY_KEEP))
		return 0;
	return sandbox_write(rootfs->sandbox, DKMS_SETTINGS, text, strlen(text), 0644, err);
}

/* ---- what is there -------------------------------------------------------------------------- */

static int list_present(struct identities *all, struct err *err)
{
	static const char script[] = "IFS=\n"
				     "for pattern; do\n"
				     "	for path in $pattern; do\n"
				     "		[ ! -e \"$path\" ] && [ ! -L \"$path\" ] ||\n"
				     "			printf '%s\\0' \"$path\"\n"
				     "	done\n"
				     "done";
	const struct recipe *recipe = all->rootfs->recipe;
	CLEANUP(strv_release) struct strv argv = { 0 };
	CLEANUP(text_release) struct text found = { 0 };
	int r;

	for (const char *const *word = (const char *const[]){ "sh", "-c", script, "sh", NULL };
	     *word; word++)
		strv_add(&argv, *word);
	for (size_t i = 0; i < identity_rule_count; i++)
		for (size_t k = 0; k < IDENTITY_PATTERNS && identity_rules[i].pattern[k]; k++)
			strv_add(&argv, identity_rules[i].pattern[k]);
	for (size_t i = 0; i < recipe->identity_count; i++)
		strv_add(&argv, recipe->identity[i].path);
	r = settings_output(all->rootfs, (const char *const *)argv.item, &found, NULL, err);
	if (r < 0)
		return r;
	for (const char *p = found.data; p < found.data + found.length; p += strlen(p) + 1)
		strv_add(&all->present, p);
	strv_sort(&all->present);
	strv_unique(&all->present);
	return 0;
}

/* Whether an overlay or a script of the recipe laid it, or something below it. */
static bool is_laid(const struct file_log *log, const char *path)
{
	size_t length = strlen(path) - 1; /* of the path as the log has it, without a slash */

	for (size_t i = 0; i < log->count; i++) {
		const char *logged = log->item[i].path;

		if (strncmp(logged, path + 1, length) == 0 &&
		    (logged[length] == '\0' || logged[length] == '/'))
			return true;
	}
	return false;
}

/* ---- what becomes of it --------------------------------------------------------------------- */

static bool rule_matches(const struct identity_rule *rule, const char *path)
{
	for (size_t i = 0; i < IDENTITY_PATTERNS && rule->pattern[i]; i++)
		if (fnmatch(rule->pattern[i], path, FNM_PATHNAME | FNM_PERIOD) == 0)
			return true;
	return false;
}

static int add_line(struct rootfs *rootfs, const struct identity_rule *rule, struct err *err)
{
	CLEANUP(text_release) struct text text = { 0 };
	bool exists;
	int r = settings_read(rootfs, rule->file, &exists, &text, err);

	if (r < 0 || !exists)
		return r;
	text_printf(&text, "\n# The image holds no keys for it.\n%s\n", rule->line);
	return settings_write(rootfs, rule->file, text.data, 0644, err);
}

/* A rule makes all of its files or none: where one of them stays, it makes none. */
static int apply_rule(struct identities *all, const struct identity_rule *rule, struct err *err)
{
	bool removes = false, stays = false;

	for (size_t i = 0; i < all->present.count; i++) {
		const char *path = all->present.item[i];

		if (!rule_matches(rule, path))
			continue;
		if (recipe_identity_find(all->rootfs->recipe, path) ||
		    is_laid(&all->rootfs->file_log, path)) {
			stays = true;
			continue;
		}
		strv_add(&all->removed, path);
		removes = true;
	}
	if (!removes || stays)
		return 0;
	if (rule->make && !rule->only_if_asked)
		identity_boot_add(&all->boot, rule->pattern, rule->make);
	return rule->file ? add_line(all->rootfs, rule, err) : 0;
}

static int remove_for(struct identities *all, const struct recipe_identity *identity,
		      struct err *err)
{
	bool found = false;

	for (size_t i = 0; i < all->present.count; i++) {
		const char *path = all->present.item[i];

		if (fnmatch(identity->path, path, FNM_PATHNAME | FNM_PERIOD) != 0)
			continue;
		found = true;
		strv_add(&all->removed, path);
		file_log_add(&all->rootfs->file_log, path, BY_RECIPE);
	}
	if (found)
		return 0;
	position_error(&identity->at, err, "nothing in the image is called '%s'", identity->path);
	return err_hint(err, "take the entry out of 'identity', or install what makes the file");
}

static int apply_entry(struct identities *all, const struct recipe_identity *identity,
		       struct err *err)
{
	const struct identity_rule *rule = identity_rule_find(identity->path);
	int r = identity->action == IDENTITY_KEEP ? 0 : remove_for(all, identity, err);

	if (r < 0 || identity->action != IDENTITY_MAKE)
		return r;
	if (*identity->command)
		identity_boot_add(&all->boot, (const char *const[]){ identity->path, NULL },
				  identity->command);
	else if (rule->make)
		identity_boot_add(&all->boot, rule->pattern, rule->make);
	else
		return add_line(all->rootfs, rule, err);
	return 0;
}

/* Names are not patterns any more: a file of a database may have brackets in its name. */
static int sweep_removed(const struct identities *all, struct err *err)
{
	cleanup_free struct sweep *rule = xcalloc(all->removed.count + 2, sizeof(*rule));
	CLEANUP(strv_release) struct strv literal = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < all->removed.count; i++) {
		CLEANUP(text_release) struct text escaped = { 0 };

		for (const char *p = all->removed.item[i]; *p; p++)
			text_printf(&escaped, "%s%c", strchr("*?[]\\", *p) ? "\\" : "", *p);
		strv_add(&literal, escaped.data);
	}
	for (; count < literal.count; count++)
		rule[count] = (struct sweep){ SWEEP_REMOVE, literal.item[count] };
	rule[count++] = (struct sweep){ SWEEP_REMOVE, DKMS_SETTINGS };
	return sandbox_sweep(all->rootfs->sandbox, rule, count, err);
}

/* Empty rather than absent (machine-id(5)): each boot makes one of its own and does not take
 * itself for a first boot, which would ask questions. */
static int empty_machine_id(struct rootfs *rootfs, struct err *err)
{
	bool exists = false;
	int r;

	r = sandbox_exists(rootfs->sandbox, "/var/lib/dbus/machine-id", &exists, err);
	if (r < 0)
		return r;
	if (exists) {
		r = sandbox_call(rootfs->sandbox, err, "ln", "-snf", "/etc/machine-id",
				 "/var/lib/dbus/machine-id", NULL);
		if (r < 0)
			return r;
	}
	return settings_write(rootfs, "/etc/machine-id", "", 0444, err);
}

int settings_identity(struct rootfs *rootfs, struct err *err)
{
	CLEANUP(identities_release) struct identities all = { .rootfs = rootfs };
	int r = list_present(&all, err);

	for (size_t i = 0; i < identity_rule_count && r >= 0; i++)
		r = apply_rule(&all, &identity_rules[i], err);
	for (size_t i = 0; i < rootfs->recipe->identity_count && r >= 0; i++)
		r = apply_entry(&all, &rootfs->recipe->identity[i], err);
	if (r < 0)
		return r;
	r = sweep_removed(&all, err);
	if (r < 0)
		return r;
	r = identity_boot_write(rootfs, &all.boot, err);
	if (r < 0)
		return r;
	return empty_machine_id(rootfs, err);
}
