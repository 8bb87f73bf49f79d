/* SPDX-License-Identifier: MIT */
#include "diff/diff.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/memory.h"
#include "diff/diff-parts.h"

static int compare_changes(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void describe(const struct diff_input *in, struct diff_side *ret)
{
	*ret = (struct diff_side){
		.path = xstrdup(in->path),
		.recipe = xstrdup(in->lock.recipe_name),
		.version = lock_version(&in->lock),
		.suite = xstrdup(in->lock.suite),
		.architecture = xstrdup(in->lock.architecture),
	};
}

static int compare_results(struct diff *d, const struct diff_input *old,
			   const struct diff_input *new, struct err *err)
{
	int r;

	diff_manifests(d, old->manifest, new->manifest);
	r = diff_artifacts(d, old, new, err);
	return r < 0 ? r : diff_trees(d, old, new, err);
}

static int compare(struct diff *d, const char *old_path, const char *new_path, struct err *err)
{
	CLEANUP(diff_input_release) struct diff_input old = DIFF_INPUT_INIT;
	CLEANUP(diff_input_release) struct diff_input new = DIFF_INPUT_INIT;
	int r = diff_input_open(old_path, &old, err);

	if (r < 0)
		return r;
	r = diff_input_open(new_path, &new, err);
	if (r < 0)
		return r;
	d->locks = !old.manifest || !new.manifest;
	d->mixed = !old.manifest != !new.manifest;
	describe(&old, &d->old);
	describe(&new, &d->new);
	diff_locks(d, &old.lock, &new.lock);
	return d->locks ? 0 : compare_results(d, &old, &new, err);
}

int diff_read(const char *old_path, const char *new_path, struct diff *ret, struct err *err)
{
	CLEANUP(diff_release) struct diff d = { 0 };
	int r = compare(&d, old_path, new_path, err);

	if (r < 0)
		return r;
	if (d.count)
		qsort(d.item, d.count, sizeof(*d.item), compare_changes);
	*ret = TAKE(d);
	return 0;
}
