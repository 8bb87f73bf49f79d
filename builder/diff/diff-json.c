/* SPDX-License-Identifier: MIT */
#include "diff/diff-parts.h"
#include "base/json.h"

static json_t *side_json(const struct diff_side *side)
{
	json_t *o = json_object();

	json_add_text(o, "path", side->path);
	json_add_text(o, "recipe", side->recipe);
	json_add_text(o, "version", side->version);
	json_add_text(o, "suite", side->suite);
	json_add_text(o, "architecture", side->architecture);
	return o;
}

static json_t *change_json(const struct change *c)
{
	json_t *o = json_object();

	json_add_text(o, "change", change_kind_names[c->kind]);
	json_add_name(o, "name", c->name);
	if (c->old)
		json_object_set(o, "old", c->old);
	if (c->new)
		json_object_set(o, "new", c->new);
	if (c->words)
		json_add_name(o, "words", c->words);
	return o;
}

static bool is_of_locks(enum diff_section s)
{
	return s == DIFF_IMAGE || s == DIFF_RECIPE || s == DIFF_PACKAGES || s == DIFF_ARTIFACTS ||
	       s == DIFF_BUILD;
}

json_t *diff_json(const struct diff *d)
{
	json_t *o = json_object(), *changes = json_object();

	json_add_text(o, "event", "diff");
	json_object_set_new(o, "equal", json_boolean(d->count == 0));
	json_add_text(o, "compared", d->locks ? "locks" : "results");
	json_object_set_new(o, "old", side_json(&d->old));
	json_object_set_new(o, "new", side_json(&d->new));
	for (enum diff_section s = 0; s < DIFF_SECTIONS; s++)
		if (!d->locks || is_of_locks(s))
			json_object_set_new(changes, diff_section_names[s], json_array());
	for (size_t i = 0; i < d->count; i++)
		json_array_append_new(
			json_object_get(changes, diff_section_names[d->item[i].section]),
			change_json(&d->item[i]));
	json_object_set_new(o, "changes", changes);
	return o;
}
