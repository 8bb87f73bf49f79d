/* SPDX-License-Identifier: MIT */
/* The modules of initramfs.extra. What the kernel's own package lacks may still come from
 * elsewhere: from other packages, from DKMS, or from overlays and scripts. Only a module that none
 * of these could bring is refused here; initramfs_check() judges the rest when the initramfs is
 * there. */
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "deb/deb.h"
#include "rootfs/inspect.h"
#include "rootfs/module-name.h"

#define BUILTIN "modules.builtin"
#define BUILTIN_MAX ((size_t)4 << 20)

/* The names of the modules among these paths, appended to ret. */
static void add_modules(const struct strv *path, struct strv *ret)
{
	for (size_t i = 0; i < path->count; i++)
		module_name_add(ret, path->item[i]);
}

/* Those of a kernel's package, with those that are part of the kernel. */
static int list_kernel(struct rootfs *rootfs, const struct package *p, struct strv *ret,
		       struct err *err)
{
	CLEANUP(strv_release) struct strv path = { 0 };
	int r = deb_list(rootfs->store, p, &path, err);

	if (r < 0)
		return r;
	add_modules(&path, ret);
	for (size_t i = 0; i < path.count; i++) {
		CLEANUP(text_release) struct text text = { 0 };
		CLEANUP(strv_release) struct strv line = { 0 };

		if (!ends_with(path.item[i], "/" BUILTIN))
			continue;
		r = deb_read_member(rootfs->store, p, path.item[i], BUILTIN_MAX, &text, err);
		if (r < 0)
			return r;
		strv_split(&line, text.data, "\n");
		add_modules(&line, ret);
	}
	return 0;
}

static int list_others(struct rootfs *rootfs, struct strv *ret, struct err *err)
{
	const struct packages *p = &rootfs->lock->packages;

	for (size_t i = 0; i < p->count; i++) {
		CLEANUP(strv_release) struct strv path = { 0 };
		int r = p->item[i].role == ROLE_IMAGE
				? deb_list(rootfs->store, &p->item[i], &path, err)
				: 0;

		if (r < 0)
			return r;
		add_modules(&path, ret);
	}
	return 0;
}

/* Whether something that is no package's file could bring a module. */
static bool may_come_later(const struct rootfs *rootfs)
{
	static const char *const place[] = { "lib/modules", "usr/lib/modules" };
	const struct recipe_list *overlays = &rootfs->recipe->overlays;

	if (rootfs->recipe->scripts.count ||
	    packages_find(&rootfs->lock->packages, "dkms", ROLE_IMAGE))
		return true;
	for (size_t i = 0; i < overlays->count; i++)
		for (size_t k = 0; k < ARRAY_SIZE(place); k++) {
			cleanup_free char *path =
				xasprintf("%s/%s", overlays->item[i].value, place[k]);

			if (access(path, F_OK) == 0)
				return true;
		}
	return false;
}

/* The first of initramfs.extra that is not among the modules; NULL: none. */
static const struct recipe_name *missing(const struct recipe *recipe, const struct strv *module)
{
	const struct recipe_list *extra = &recipe->initramfs.extra;

	for (size_t i = 0; i < extra->count; i++) {
		cleanup_free char *name = module_name(extra->item[i].value);

		if (!strv_has(module, name))
			return &extra->item[i];
	}
	return NULL;
}

int inspect_modules(struct rootfs *rootfs, struct err *err)
{
	CLEANUP(strv_release) struct strv module = { 0 };
	const struct recipe_name *first;
	int r;

	if (!rootfs->kernel || !rootfs->recipe->initramfs.extra.count)
		return 0;
	r = list_kernel(rootfs, rootfs->kernels.item[0].package, &module, err);
	if (r < 0)
		return r;
	if (!missing(rootfs->recipe, &module) || may_come_later(rootfs))
		return 0;
	r = list_others(rootfs, &module, err);
	if (r < 0)
		return r;
	first = missing(rootfs->recipe, &module);
	if (!first)
		return 0;
	position_error(&first->at, err, "kernel %s has no module '%s'", rootfs->kernel,
		       first->value);
	return inspect_hint(
		err, first->value, &module,
		"initramfs.extra takes the names of files in /lib/modules, without .ko");
}
