/* SPDX-License-Identifier: MIT */
#include "rootfs/inspect.h"

#include <string.h>

#include "base/memory.h"
#include "base/progress.h"
#include "deb/deb.h"
#include "rootfs/settings.h"

#define ZONES "usr/share/zoneinfo/"
#define SUPPORTED "usr/share/i18n/SUPPORTED"
#define SUPPORTED_MAX ((size_t)1 << 20)

static const struct package *find(const struct lock *lock, const char *name)
{
	return packages_find(&lock->packages, name, ROLE_IMAGE);
}

int inspect_lock(const struct recipe *recipe, const struct lock *lock, struct err *err)
{
	cleanup_free char *timezone = settings_timezone(recipe->timezone);
	const struct {
		const char *key, *value, *without_package, *package;
	} need[] = {
		{ "keymap", recipe->keymap, "us", "keyboard-configuration" },
		/* libc takes it without any file. */
		{ "timezone", timezone, "Etc/UTC", "tzdata" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(need); i++) {
		const struct position at = recipe_position(recipe, need[i].key);

		if (streq(need[i].value, need[i].without_package) || find(lock, need[i].package))
			continue;
		position_error(&at, err, "no package of the image can set %s '%s'", need[i].key,
			       need[i].value);
		return err_hint(err, "add '%s' to packages", need[i].package);
	}
	return 0;
}

/* The names of all zones that a package brings, if it is in the image. */
static int list_zones(struct rootfs *rootfs, const char *package, struct strv *ret, struct err *err)
{
	const struct package *p = find(rootfs->lock, package);
	CLEANUP(strv_release) struct strv path = { 0 };
	int r = p ? deb_list(rootfs->store, p, &path, err) : 0;

	for (size_t i = 0; r == 0 && i < path.count; i++)
		if (starts_with(path.item[i], ZONES))
			strv_add(ret, path.item[i] + strlen(ZONES));
	return r;
}

static int check_timezone(struct rootfs *rootfs, struct err *err)
{
	const struct position at = recipe_position(rootfs->recipe, "timezone");
	cleanup_free char *timezone = settings_timezone(rootfs->recipe->timezone);
	CLEANUP(strv_release) struct strv zone = { 0 };
	int r = list_zones(rootfs, "tzdata", &zone, err);

	if (r < 0)
		return r;
	r = list_zones(rootfs, "tzdata-legacy", &zone, err);
	if (r < 0 || zone.count == 0 || strv_has(&zone, timezone))
		return r;
	position_error(&at, err, "there is no time zone '%s'", timezone);
	return inspect_hint(err, timezone, &zone,
			    "names are as in /usr/share/zoneinfo: Europe/Berlin. Old ones, such as "
			    "US/Eastern, may need the package 'tzdata-legacy'");
}

/* The lines of the file are "de_DE.UTF-8 UTF-8". */
static int check_locales(struct rootfs *rootfs, struct err *err)
{
	const struct recipe_list *locales = &rootfs->recipe->locales;
	const struct package *p = find(rootfs->lock, "locales");
	CLEANUP(text_release) struct text text = { 0 };
	CLEANUP(strv_release) struct strv path = { 0 };
	CLEANUP(strv_release) struct strv word = { 0 };
	int r = p && locales->count ? deb_list(rootfs->store, p, &path, err) : 0;

	if (r < 0 || !strv_has(&path, SUPPORTED))
		return r;
	r = deb_read_member(rootfs->store, p, SUPPORTED, SUPPORTED_MAX, &text, err);
	if (r < 0)
		return r;
	strv_split(&word, text.data, " \n");
	for (size_t i = 0; i < locales->count; i++) {
		const struct recipe_name *locale = &locales->item[i];

		if (strv_has(&word, locale->value))
			continue;
		position_error(&locale->at, err, "there is no locale '%s'", locale->value);
		return inspect_hint(err, locale->value, &word,
				    "/" SUPPORTED " of the package 'locales' lists what there is");
	}
	return 0;
}

static int find_kernels(struct rootfs *rootfs, struct err *err)
{
	int r = kernels_find(rootfs->store, rootfs->recipe, rootfs->lock, &rootfs->kernels, err);

	if (r == 0 && *rootfs->recipe->kernel)
		rootfs->kernel = rootfs->kernels.item[0].release;
	return r;
}

int stage_inspect(struct rootfs *rootfs, struct err *err)
{
	static int (*const part[])(struct rootfs * rootfs, struct err * err) = {
		find_kernels, inspect_console, check_timezone, check_locales, inspect_modules,
	};

	progress_start("inspect", 0, PROGRESS_STEPS);
	for (size_t i = 0; i < ARRAY_SIZE(part); i++) {
		int r = part[i](rootfs, err);

		if (r < 0) {
			progress_abort();
			return r;
		}
	}
	progress_end(rootfs->kernel);
	return 0;
}
