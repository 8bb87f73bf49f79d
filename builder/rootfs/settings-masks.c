/* SPDX-License-Identifier: MIT */
/*
 * A recipe masks units on purpose. But one that extends another may ask for a package whose unit
 * the other has masked, and then the package is there and does nothing: nfs-kernel-server on top
 * of an overlay for NFS clients, without rpcbind. So there is a warning where one file asks for a
 * package, and another masks a unit of it, or one that its units need.
 */
#include "rootfs/settings.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/log.h"
#include "base/memory.h"
#include "recipe/input.h"

/* Prints "PACKAGE UNIT NEEDED" for each unit of the packages and for all that it needs, beginning
 * with itself. */
static const char needs_script[] =
	"for package; do\n"
	"	for list in \"/var/lib/dpkg/info/$package.list\""
	" \"/var/lib/dpkg/info/$package\":*.list; do\n"
	"		[ -e \"$list\" ] || continue\n"
	"		grep -E '/systemd/system/[^/]+$' \"$list\" | while IFS= read -r file; do\n"
	"			[ -f \"$file\" ] || continue\n"
	"			unit=${file##*/}\n"
	"			echo \"$package $unit $unit\"\n"
	"			sed -En 's/^(Requires|Requisite|BindsTo|Wants)=//p' \"$file\" |\n"
	"				tr -s ' \\t' '\\n' | sed -n \"s/^./$package $unit &/p\"\n"
	"		done\n"
	"	done\n"
	"done\n";

struct mask {
	char *unit;
	const struct recipe_name *by; /* an overlay, or an entry of services.mask */
	bool is_overlay;
};

struct masks {
	struct mask *item;
	size_t count;
	size_t allocated;
};

static void masks_release(struct masks *m)
{
	for (size_t i = 0; i < m->count; i++)
		free(m->item[i].unit);
	free(m->item);
}

static bool is_masked_by(const struct recipe *recipe, const struct recipe_name *overlay,
			 const char *unit)
{
	CLEANUP(err_release) struct err ignored = { 0 };
	cleanup_free char *path = xasprintf("etc/systemd/system/%s", unit);
	cleanup_fd int fd = -1, parent = -1;
	char target[PATH_MAX] = "";
	const char *name;

	if (input_open_overlay(recipe->reach, &overlay->at, overlay->value, &fd, &ignored) < 0)
		return false;
	parent = open_parent_beneath(fd, path, &name);
	return parent >= 0 && readlinkat(parent, name, target, sizeof(target) - 1) > 0 &&
	       streq(target, "/dev/null");
}

/* Says in mask->by what masks the unit: the last that does. NULL: nothing of the recipe. */
static void find_origin(const struct recipe *recipe, struct mask *mask)
{
	for (size_t i = 0; i < recipe->overlays.count; i++) {
		const struct recipe_name *overlay = &recipe->overlays.item[i];

		if (!is_masked_by(recipe, overlay, mask->unit))
			continue;
		mask->by = overlay;
		mask->is_overlay = true;
	}
	for (size_t i = 0; i < recipe->services.mask.count; i++) {
		const struct recipe_name *service = &recipe->services.mask.item[i];
		cleanup_free char *unit = xasprintf("%s.service", service->value);

		if (!streq(mask->unit, service->value) && !streq(mask->unit, unit))
			continue;
		mask->by = service;
		mask->is_overlay = false;
	}
}

static int find_masks(struct rootfs *rootfs, struct masks *ret, struct err *err)
{
	static const char *const argv[] = { "find",   "/etc/systemd/system", "-maxdepth", "1",
					    "-lname", "/dev/null",	     "-printf",	  "%f\\n",
					    NULL };
	CLEANUP(strv_release) struct strv unit = { 0 };
	int status, r;

	/* It fails where there is no such directory. */
	r = settings_lines(rootfs, argv, &unit, &status, err);
	if (r < 0)
		return r;
	strv_sort(&unit);
	for (size_t i = 0; i < unit.count; i++) {
		struct mask mask = { .unit = unit.item[i] };

		find_origin(rootfs->recipe, &mask);
		if (!mask.by)
			continue;
		GROW(ret->item, ret->count, ret->allocated);
		mask.unit = xstrdup(mask.unit);
		ret->item[ret->count++] = mask;
	}
	return 0;
}

static bool is_of_another_file(const struct recipe_name *package, const struct mask *mask)
{
	return package->at.line && !streq(package->at.file, mask->by->at.file);
}

/* The words of a command that asks about the packages that a mask of another file may hit. */
static void add_packages(const struct recipe *recipe, const struct masks *masks, struct strv *argv)
{
	for (size_t i = 0; i < recipe->packages.count; i++) {
		const struct recipe_name *package = &recipe->packages.item[i];
		bool is_hit = false;

		for (size_t m = 0; m < masks->count && !is_hit; m++)
			is_hit = is_of_another_file(package, &masks->item[m]);
		if (is_hit)
			strv_addf(argv, "%.*s", (int)package_name_length(package->value),
				  package->value);
	}
}

/* A warning that grows: the units that one unit of a package asks for, and that the same overlay
 * masks. */
struct warning {
	const struct recipe_name *package;
	char *unit;
	const struct mask *mask; /* the first */
	struct text masked;
};

static void warning_release(struct warning *w)
{
	free(w->unit);
	text_release(&w->masked);
	*w = (struct warning){ 0 };
}

static void warning_print(struct warning *w)
{
	const struct recipe_name *package = w->package;

	if (w->masked.length) {
		const struct recipe_name *by = w->mask->by;
		cleanup_free char *name = last_name(by->value);
		cleanup_free char *who = w->mask->is_overlay ? xasprintf("overlay '%s'", name)
							     : xstrdup("services.mask");
		cleanup_free char *how =
			streq(w->unit, w->masked.data)
				? xstrdup("never starts")
				: xasprintf("starts without %s, which it asks for", w->masked.data);

		cleanup_free char *asked = position_text(&package->at);
		cleanup_free char *masked = position_text(&by->at);

		log_warning("%s: %s of package '%s' %s: %s masks it (%s)", asked, w->unit,
			    package->value, how, who, masked);
	}
	warning_release(w);
}

static void warning_add(struct warning *w, const struct recipe_name *package, const char *unit,
			const struct mask *mask)
{
	if (w->package != package || !streq(w->unit, unit) || w->mask->by != mask->by) {
		warning_print(w);
		w->package = package;
		w->unit = xstrdup(unit);
		w->mask = mask;
	}
	text_printf(&w->masked, "%s%s", w->masked.length ? ", " : "", mask->unit);
}

/* line: "PACKAGE UNIT NEEDED". */
static void judge(const struct recipe *recipe, const struct masks *masks, const char *line,
		  struct warning *w)
{
	CLEANUP(strv_release) struct strv word = { 0 };
	const struct recipe_name *package;

	strv_split(&word, line, " ");
	package =
		word.count == 3 ? recipe_list_find_package(&recipe->packages, word.item[0]) : NULL;
	for (size_t m = 0; package && m < masks->count; m++)
		if (streq(masks->item[m].unit, word.item[2]) &&
		    is_of_another_file(package, &masks->item[m]))
			warning_add(w, package, word.item[1], &masks->item[m]);
}

int settings_masks(struct rootfs *rootfs, struct err *err)
{
	const struct recipe *recipe = rootfs->recipe;
	CLEANUP(masks_release) struct masks masks = { 0 };
	CLEANUP(strv_release) struct strv argv = { 0 };
	CLEANUP(strv_release) struct strv line = { 0 };
	CLEANUP(warning_release) struct warning warning = { 0 };
	size_t fixed;
	int r;

	if (recipe->init != INIT_SYSTEMD || recipe->files.count < 2)
		return 0;
	r = find_masks(rootfs, &masks, err);
	if (r < 0)
		return r;
	strv_split(&argv, "sh -c", " ");
	strv_add(&argv, needs_script);
	strv_add(&argv, "sh");
	fixed = argv.count;
	add_packages(recipe, &masks, &argv);
	if (argv.count == fixed)
		return 0;
	r = settings_lines(rootfs, (const char *const *)argv.item, &line, NULL, err);
	if (r < 0)
		return r;
	strv_sort(&line);
	strv_unique(&line);
	for (size_t i = 0; i < line.count; i++)
		judge(recipe, &masks, line.item[i], &warning);
	warning_print(&warning);
	return 0;
}
