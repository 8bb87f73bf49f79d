/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/memory.h"
#include "tar/members.h"

#define LINKS_MAX 40 /* path_resolution(7) */

/* Puts the components of `path` before those that are left to walk, the next one last. An absolute
 * path starts at the root again. */
static void walk_next(struct strv *left, struct strv *done, const char *path)
{
	CLEANUP(strv_release) struct strv component = { 0 };

	if (*path == '/')
		strv_release(done);
	strv_split(&component, path, "/");
	for (size_t i = component.count; i > 0; i--)
		strv_add(left, component.item[i - 1]);
}

static char *take_last(struct strv *v)
{
	char *component = v->item[--v->count];

	v->item[v->count] = NULL;
	return component;
}

char *members_resolve(const struct members *m, const char *path, bool last)
{
	CLEANUP(strv_release) struct strv left = { 0 };
	CLEANUP(strv_release) struct strv done = { 0 };
	unsigned links = 0;

	walk_next(&left, &done, path);
	while (left.count > 0) {
		cleanup_free char *component = take_last(&left);
		cleanup_free char *at = NULL;
		const struct member *found;

		if (streq(component, "."))
			continue;
		if (streq(component, "..")) {
			if (done.count > 0)
				free(take_last(&done));
			continue;
		}
		strv_add(&done, component);
		at = strv_join(&done, "/");
		found = left.count > 0 || last ? members_find(m, at) : NULL;
		if (!found || !found->target)
			continue;
		if (++links > LINKS_MAX)
			return NULL;
		free(take_last(&done));
		walk_next(&left, &done, found->target);
	}
	return strv_join(&done, "/");
}
