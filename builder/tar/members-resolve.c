/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/memory.h"
#include "tar/members.h"

#define LINKS_MAX 40 /* path_resolution(7) */

/* Puts the pieces of `path` before what is left to walk; an absolute one starts anew. */
static void walk_next(struct strv *left, struct strv *done, const char *path)
{
	CLEANUP(strv_release) struct strv piece = { 0 };

	if (*path == '/')
		strv_release(done);
	strv_split(&piece, path, "/");
	for (size_t i = piece.count; i > 0; i--)
		strv_add(left, piece.item[i - 1]);
}

static char *last_piece(struct strv *v)
{
	char *piece = v->item[--v->count];

	v->item[v->count] = NULL;
	return piece;
}

char *members_resolve(const struct members *m, const char *path, bool last)
{
	CLEANUP(strv_release) struct strv left = { 0 }; /* the next piece is its last */
	CLEANUP(strv_release) struct strv done = { 0 };
	unsigned links = 0;

	walk_next(&left, &done, path);
	while (left.count > 0) {
		cleanup_free char *piece = last_piece(&left);
		cleanup_free char *at = NULL;
		const struct member *found;

		if (streq(piece, "."))
			continue;
		if (streq(piece, "..")) {
			if (done.count > 0)
				free(last_piece(&done));
			continue;
		}
		strv_add(&done, piece);
		at = strv_join(&done, "/");
		found = left.count > 0 || last ? members_find(m, at) : NULL;
		if (!found || !found->target)
			continue;
		if (++links > LINKS_MAX)
			return NULL;
		free(last_piece(&done));
		walk_next(&left, &done, found->target);
	}
	return strv_join(&done, "/");
}
