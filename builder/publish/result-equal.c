/* SPDX-License-Identifier: MIT */
#include "publish/result-equal.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "publish/result-damage.h"
#include "publish/result-files.h"

#define SUMS "SHA256SUMS"
#define MANIFEST "manifest.json"

static bool is_consequence(const char *path)
{
	return streq(path, SUMS) || streq(path, MANIFEST);
}

static bool is_equal(const struct result_file *a, const struct result_file *b)
{
	return streq(a->link, b->link) && a->size == b->size && streq(a->sha256, b->sha256);
}

static void note(struct mismatch *d, const char *path, const char *how)
{
	bool known = d->path && (!is_consequence(d->path) || is_consequence(path));

	if (known)
		return;
	free(d->path);
	d->path = xstrdup(path);
	d->how = how;
}

/* Both lists are sorted by path. */
static void merge(const struct result_files *old, const struct result_files *new,
		  struct mismatch *d)
{
	size_t i = 0, k = 0;

	while (i < old->count || k < new->count) {
		int order = i == old->count   ? 1
			    : k == new->count ? -1
					      : strcmp(old->item[i].path, new->item[k].path);

		if (order == 0 && !is_equal(&old->item[i], &new->item[k]))
			note(d, old->item[i].path, "differs");
		else if (order < 0)
			note(d, old->item[i].path, "is only");
		else if (order > 0)
			note(d, new->item[k].path, "is missing");
		i += order <= 0;
		k += order >= 0;
	}
}

int result_mismatch(int old_fd, int new_fd, struct mismatch *ret, struct err *err)
{
	CLEANUP(result_files_release) struct result_files old = { 0 };
	CLEANUP(result_files_release) struct result_files new = { 0 };
	CLEANUP(mismatch_release) struct mismatch d = { 0 };
	int r = result_files_read(old_fd, &old, err);

	if (r < 0)
		return r;
	r = result_files_read(new_fd, &new, err);
	if (r < 0)
		return r;
	merge(&old, &new, &d);
	/* One that was changed later tells nothing about reproducibility. */
	r = d.path ? result_damage(old_fd, NULL, &d.damage, err) : 0;
	if (r < 0)
		return r;
	*ret = TAKE(d);
	return 0;
}

void mismatch_release(struct mismatch *d)
{
	free(d->path);
	free(d->damage);
	*d = (struct mismatch){ 0 };
}
