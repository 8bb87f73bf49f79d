/* SPDX-License-Identifier: MIT */
#include "verify/difference.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define CAUSE_UNKNOWN "no cause that netrescue knows"
#define INDENT "      "

struct difference *differences_add(struct differences *list, const char *artifact,
				   const char *member, const char *what, const char *cause)
{
	GROW(list->item, list->count, list->allocated);
	list->item[list->count] = (struct difference){
		.artifact = xstrdup(artifact),
		.member = member ? xstrdup(member) : NULL,
		.what = xstrdup(what),
		.cause = xstrdup(cause ? cause : CAUSE_UNKNOWN),
		.detail = xstrdup(""),
	};
	return &list->item[list->count++];
}

void differences_release(struct differences *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->item[i].artifact);
		free(list->item[i].member);
		free(list->item[i].what);
		free(list->item[i].cause);
		free(list->item[i].maker);
		free(list->item[i].detail);
	}
	free(list->item);
	*list = (struct differences){ 0 };
}

/* ---- as text -------------------------------------------------------------------------------- */

static void add_indented(struct text *t, const char *lines)
{
	while (*lines) {
		size_t n = strcspn(lines, "\n");
		cleanup_free char *line = xstrndup(lines, n);

		text_add(t, INDENT);
		text_add_escaped(t, line);
		text_add(t, "\n");
		lines += n + (lines[n] == '\n');
	}
}

static void add_difference(struct text *t, const struct difference *d)
{
	text_add(t, "  ");
	text_add_escaped(t, d->artifact);
	if (d->member) {
		text_add(t, ": ");
		text_add_escaped(t, d->member);
	}
	text_add(t, ": ");
	text_add_escaped(t, d->what);
	if (d->maker) {
		text_add(t, "; ");
		text_add_escaped(t, d->maker);
	}
	text_add(t, "\n");
	add_indented(t, d->detail);
}

static bool has_cause(const struct difference *d, const char *cause)
{
	return !d->follows && streq(d->cause, cause);
}

/* Whether the group of that difference's cause stands in the report already. */
static bool was_before(const struct differences *list, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (has_cause(&list->item[k], list->item[i].cause))
			return true;
	return false;
}

static void add_group(const struct differences *list, const char *cause, struct text *t)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++)
		count += has_cause(&list->item[i], cause);
	text_printf(t, "\n%s (%zu):\n", cause, count);
	for (size_t i = 0; i < list->count; i++)
		if (has_cause(&list->item[i], cause))
			add_difference(t, &list->item[i]);
}

void differences_text(const struct differences *list, struct text *ret)
{
	CLEANUP(strv_release) struct strv following = { 0 };
	cleanup_free char *joined = NULL;

	if (list->count > 0) {
		text_printf(ret, "%zu difference%s, the first in ", list->count,
			    list->count == 1 ? "" : "s");
		text_add_escaped(ret, list->item[0].artifact);
		text_add(ret, "\n");
	}
	for (size_t i = 0; i < list->count; i++) {
		if (list->item[i].follows)
			strv_add(&following, list->item[i].artifact);
		else if (!was_before(list, i))
			add_group(list, list->item[i].cause, ret);
	}
	if (following.count == 0)
		return;
	joined = strv_join(&following, ", ");
	text_add(ret, "\nlists of digests, which differ with them: ");
	text_add_escaped(ret, joined);
	text_add(ret, "\n");
}
