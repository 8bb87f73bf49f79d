/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "diff/diff-parts.h"

const char *const diff_section_names[DIFF_SECTIONS] = {
	[DIFF_IMAGE] = "image",		[DIFF_PERMISSIONS] = "permissions",
	[DIFF_SETTINGS] = "settings",	[DIFF_SERVER] = "server",
	[DIFF_MENU] = "menu",		[DIFF_RECIPE] = "recipe",
	[DIFF_PACKAGES] = "packages",	[DIFF_FILES] = "files",
	[DIFF_GENERATED] = "generated", [DIFF_ARTIFACTS] = "artifacts",
	[DIFF_BUILD] = "build",
};

const char *const change_kind_names[] = {
	[CHANGE_DOWNGRADED] = "downgraded", [CHANGE_REMOVED] = "removed",
	[CHANGE_ADDED] = "added",	    [CHANGE_UPGRADED] = "upgraded",
	[CHANGE_REPLACED] = "replaced",	    [CHANGE_CHANGED] = "changed",
};

struct change *diff_add(struct diff *d, enum diff_section section, enum change_kind kind,
			const char *name, json_t *old, json_t *new)
{
	GROW(d->item, d->count, d->allocated);
	d->item[d->count] = (struct change){
		.section = section,
		.kind = kind,
		.name = xstrdup(name),
		.old = old,
		.new = new,
	};
	return &d->item[d->count++];
}

struct change *diff_values(struct diff *d, enum diff_section section, const char *name, json_t *old,
			   json_t *new)
{
	if (old == new || json_equal(old, new))
		return NULL;
	return diff_add(d, section,
			!old   ? CHANGE_ADDED
			: !new ? CHANGE_REMOVED
			       : CHANGE_CHANGED,
			name, json_incref(old), json_incref(new));
}

void change_words(struct change *c, const char *format, ...)
{
	CLEANUP(text_release) struct text t = { 0 };
	va_list arguments;

	if (c->words)
		text_printf(&t, "%s; ", c->words);
	va_start(arguments, format);
	text_vprintf(&t, format, arguments);
	va_end(arguments);
	free(c->words);
	c->words = text_take(&t);
}

char *size_change(uint64_t old, uint64_t new)
{
	char size[16];

	return xasprintf("%c%s", new < old ? '-' : '+',
			 human_size(new < old ? old - new : new - old, size));
}

static void side_release(struct diff_side *side)
{
	free(side->path);
	free(side->recipe);
	free(side->version);
	free(side->suite);
	free(side->architecture);
}

void diff_release(struct diff *d)
{
	side_release(&d->old);
	side_release(&d->new);
	for (size_t i = 0; i < d->count; i++) {
		free(d->item[i].name);
		free(d->item[i].words);
		json_decref(d->item[i].old);
		json_decref(d->item[i].new);
	}
	free(d->item);
	*d = (struct diff){ 0 };
}
