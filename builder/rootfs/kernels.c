/* SPDX-License-Identifier: MIT */
#include "rootfs/kernels.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "deb/deb.h"
#include "deb/deb822.h"
#include "deb/version.h"

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

/* The names in a field of relations, without versions and architectures, appended to ret if they
 * are not there yet: "kmod, linux-base (>= 4.3~), a | b" has four. */
static void add_names(const char *field, struct strv *ret)
{
	CLEANUP(strv_release) struct strv relation = { 0 };

	if (field)
		strv_split(&relation, field, ",|");
	for (size_t i = 0; i < relation.count; i++) {
		const char *name = relation.item[i] + strspn(relation.item[i], " \t\n");
		cleanup_free char *copy = xstrndup(name, strcspn(name, " \t\n:(["));

		if (!strv_has(ret, copy))
			strv_add(ret, copy);
	}
}

/* The names in these fields of a package, which end with NULL. */
static int read_names(struct store *s, const struct package *p, const char *const *field,
		      struct strv *ret, struct err *err)
{
	CLEANUP(text_release) struct text control = { 0 };
	CLEANUP(deb822_stanza_release) struct deb822_stanza stanza = { 0 };
	struct deb822 reader = { .name = p->name, .class = ERR_BUILD };
	int r = deb_read_control(s, p, &control, err);

	if (r < 0)
		return r;
	reader.data = control.data;
	reader.size = control.length;
	r = deb822_next(&reader, &stanza, err);
	for (size_t i = 0; r >= 0 && field[i]; i++)
		add_names(deb822_get(&stanza, field[i]), ret);
	return r < 0 ? r : 0;
}

/* The package of that name; of a name that no package has, all those that provide it. */
static int add_start(struct store *s, const struct packages *p, const char *name, struct strv *ret,
		     struct err *err)
{
	static const char *const provides[] = { "Provides", NULL };

	strv_add(ret, name);
	for (size_t i = 0; !packages_find(p, name, ROLE_IMAGE) && i < p->count; i++) {
		CLEANUP(strv_release) struct strv provided = { 0 };
		int r = p->item[i].role == ROLE_IMAGE
				? read_names(s, &p->item[i], provides, &provided, err)
				: 0;

		if (r < 0)
			return r;
		if (strv_has(&provided, name))
			strv_add(ret, p->item[i].name);
	}
	return 0;
}

/* *ret: the recipe's own, which its package brings itself, or else the first of those that it
 * depends on; k->count: none. */
static int find_own(struct store *s, const struct recipe *recipe, const struct packages *packages,
		    const struct kernels *k, size_t *ret, struct err *err)
{
	static const char *const depends[] = { "Pre-Depends", "Depends", NULL };
	CLEANUP(strv_release) struct strv reached = { 0 };
	int r;

	*ret = find_package(k, recipe->kernel);
	if (*ret < k->count)
		return 0;
	r = add_start(s, packages, recipe->kernel, &reached, err);
	for (size_t i = 0; r == 0 && i < reached.count; i++) {
		const struct package *p = packages_find(packages, reached.item[i], ROLE_IMAGE);
		size_t found = find_package(k, reached.item[i]);

		r = p ? read_names(s, p, depends, &reached, err) : 0;
		if (found < *ret)
			*ret = found;
	}
	return r;
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
	size_t own;
	int r = find_all(s, &lock->packages, &k, err);

	if (r < 0)
		return r;
	if (*recipe->kernel) {
		r = find_own(s, recipe, &lock->packages, &k, &own, err);
		if (r < 0)
			return r;
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
