/* SPDX-License-Identifier: MIT */
#include "rootfs/kernels.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "deb/deb.h"
#include "deb/version.h"
#include "rootfs/phases.h"
#include "solve/closure.h"

static void add(struct kernels *k, const char *release, const struct package *package)
{
	GROW(k->item, k->count, k->allocated);
	k->item[k->count++] = (struct kernel){ xstrdup(release), package };
}

/* The newest first; of a release that two packages have, none is the better one. */
static int compare(const void *pa, const void *pb)
{
	const struct kernel *a = pa, *b = pb;
	int order = version_compare(b->release, a->release);

	if (order == 0)
		order = strcmp(b->release, a->release);
	return order != 0 ? order : packages_compare(a->package, b->package);
}

static int find_all(struct store *s, const struct packages *p, struct kernels *ret, struct err *err)
{
	for (size_t i = 0; i < p->count; i++) {
		CLEANUP(strv_release) struct strv release = { 0 };
		int r = p->item[i].role == ROLE_IMAGE ? deb_kernels(s, &p->item[i], &release, err)
						      : 0;

		if (r < 0)
			return r;
		for (size_t n = 0; n < release.count; n++)
			add(ret, release.item[n], &p->item[i]);
	}
	if (ret->count > 1)
		qsort(ret->item, ret->count, sizeof(*ret->item), compare);
	return 0;
}

/* The first whose package is called that; k->count: none. */
static size_t find_package(const struct kernels *k, const char *package)
{
	size_t i = 0;

	while (i < k->count && !streq(k->item[i].package->name, package))
		i++;
	return i;
}

/* The first that the package `name`, or who provides it, depends on; k->count: none. */
static size_t find_behind(const struct kernels *k, const char *name, struct closure *c)
{
	closure_take_target(c, name);
	closure_complete(c);
	for (size_t i = 0; i < k->count; i++)
		for (size_t n = 0; n < c->count; n++)
			if (c->item[n].taken && streq(c->item[n].name, k->item[i].package->name))
				return i;
	return k->count;
}

static int refuse(const struct recipe *recipe, const struct kernels *k, struct err *err)
{
	const struct position at = recipe_position(recipe, "kernel");

	position_error(
		&at, err,
		"neither the package '%s' nor what it depends on brings a kernel: none has a "
		"file /boot/vmlinuz-*",
		recipe->kernel);
	if (k->count)
		return err_hint(err, "the image has the kernel %s: write 'kernel: %s'",
				k->item[0].release, k->item[0].package->name);
	return err_hint(err,
			"write 'kernel: linux-image-%s', or 'kernel: none' for an image that "
			"boots no kernel",
			recipe->architecture);
}

static void move_first(struct kernels *k, size_t i)
{
	const struct kernel own = k->item[i];

	memmove(&k->item[1], &k->item[0], i * sizeof(*k->item));
	k->item[0] = own;
}

int kernels_find(struct store *s, const struct recipe *recipe, const struct lock *lock,
		 struct kernels *ret, struct err *err)
{
	CLEANUP(kernels_release) struct kernels k = { 0 };
	CLEANUP(closure_release) struct closure c = { 0 };
	size_t own;
	int r = find_all(s, &lock->packages, &k, err);

	if (r < 0)
		return r;
	if (*recipe->kernel) {
		own = find_package(&k, recipe->kernel);
		if (own == k.count) {
			r = phases_closure(s, lock, &c, err);
			if (r < 0)
				return r;
			own = find_behind(&k, recipe->kernel, &c);
		}
		if (own == k.count)
			return refuse(recipe, &k, err);
		move_first(&k, own);
	}
	*ret = TAKE(k);
	return 0;
}

void kernels_release(struct kernels *k)
{
	for (size_t i = 0; i < k->count; i++)
		free(k->item[i].release);
	free(k->item);
	*k = (struct kernels){ 0 };
}
