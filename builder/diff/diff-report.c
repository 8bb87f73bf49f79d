/* SPDX-License-Identifier: MIT */
/* What text and Markdown have in common: headings, values in words, the summary. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "diff/diff-parts.h"

const struct diff_heading diff_headings[] = {
	{ .section = DIFF_IMAGE, .text = "Image", .noun = "fact" },
	{ .section = DIFF_PERMISSIONS, .text = "Permissions and owners", .noun = "permission" },
	{ .section = DIFF_SETTINGS, .text = "Settings", .noun = "setting" },
	{ .section = DIFF_SERVER, .text = "Server", .noun = "server fact" },
	{ .section = DIFF_MENU, .text = "Menu", .noun = "menu item" },
	{ .section = DIFF_RECIPE, .text = "Recipe", .noun = "recipe part" },
	{ DIFF_PACKAGES, true, CHANGE_DOWNGRADED, "Packages downgraded", "package", false, false },
	{ DIFF_PACKAGES, true, CHANGE_REPLACED, "Packages with other content, same version",
	  "package", false, false },
	{ DIFF_PACKAGES, true, CHANGE_REMOVED, "Packages removed", "package", false, false },
	{ DIFF_PACKAGES, true, CHANGE_ADDED, "Packages added", "package", false, false },
	{ DIFF_PACKAGES, true, CHANGE_UPGRADED, "Packages upgraded", "package", false, false },
	{ DIFF_PACKAGES, true, CHANGE_CHANGED, "Packages otherwise changed", "package", false,
	  false },
	{ .section = DIFF_FILES, .text = "Files that no changed package explains", .noun = "file" },
	{ .section = DIFF_GENERATED,
	  .text = "Files made from the packages",
	  .noun = "generated file",
	  .minor = true },
	{ .section = DIFF_ARTIFACTS,
	  .text = "Sizes",
	  .noun = "artifact",
	  .bytes = true,
	  .minor = true },
	{ .section = DIFF_BUILD, .text = "Build", .noun = "build fact", .minor = true },
};
const size_t diff_heading_count = ARRAY_SIZE(diff_headings);

static bool is_below(const struct change *c, const struct diff_heading *h)
{
	return c->section == h->section && (!h->by_kind || c->kind == h->kind);
}

size_t diff_below(const struct diff *d, const struct diff_heading *h, size_t *ret_first)
{
	size_t first = 0, end;

	while (first < d->count && !is_below(&d->item[first], h))
		first++;
	for (end = first; end < d->count && is_below(&d->item[end], h);)
		end++;
	*ret_first = first;
	return end - first;
}

static void add_value(const struct diff_heading *h, const json_t *value, struct text *t)
{
	char size[16];
	size_t i;
	json_t *item;

	if (json_is_string(value)) {
		text_add(t, json_string_value(value));
	} else if (json_is_integer(value)) {
		json_int_t number = json_integer_value(value);

		if (h->bytes)
			text_add(t, human_size((uint64_t)number, size));
		else
			text_printf(t, "%" JSON_INTEGER_FORMAT, number);
	} else if (json_is_boolean(value)) {
		text_add(t, json_is_true(value) ? "yes" : "no");
	} else if (json_is_array(value)) {
		if (json_array_size(value) == 0)
			text_add(t, "none");
		json_array_foreach((json_t *)(uintptr_t)value, i, item)
		{
			text_add(t, i ? ", " : "");
			add_value(h, item, t);
		}
	} else if (json_is_null(value)) {
		text_add(t, "none");
	}
}

char *diff_value_text(const struct diff_heading *h, const json_t *value)
{
	CLEANUP(text_release) struct text t = { 0 };

	text_add(&t, "");
	if (value)
		add_value(h, value, &t);
	return text_take(&t);
}

/* Changes of the image, such as a new kernel, are told in full; of the others it is told how many
 * there are. */
static void summarise(const struct diff *d, const struct diff_heading *h, struct text *t)
{
	size_t first, count = diff_below(d, h, &first);

	for (size_t i = 0; i < count && h->section == DIFF_IMAGE; i++) {
		const struct change *c = &d->item[first + i];
		cleanup_free char *old = diff_value_text(h, c->old);
		cleanup_free char *new = diff_value_text(h, c->new);

		text_printf(t, "%s%s %s -> %s", t->length ? ", " : "", c->name,
			    c->old ? old : "none", c->new ? new : "none");
	}
	if (count == 0 || h->section == DIFF_IMAGE)
		return;
	text_printf(t, "%s%zu %s%s", t->length ? ", " : "", count, h->noun, count == 1 ? "" : "s");
	if (h->by_kind)
		text_printf(t, " %s", change_kind_names[h->kind]);
}

char *diff_summary(const struct diff *d)
{
	CLEANUP(text_release) struct text t = { 0 };

	for (size_t i = 0; i < diff_heading_count; i++)
		if (!diff_headings[i].minor)
			summarise(d, &diff_headings[i], &t);
	for (size_t i = 0; i < diff_heading_count && t.length == 0; i++)
		summarise(d, &diff_headings[i], &t);
	if (t.length == 0)
		text_add(&t, "no differences");
	return text_take(&t);
}

char *diff_side_text(const struct diff_side *side)
{
	return xasprintf("%s %s (%s %s)", side->recipe, side->version, side->suite,
			 side->architecture);
}

const char *diff_remark(const struct diff *d)
{
	return d->mixed ? "only the locks were compared, because one of the two is a lock" : NULL;
}
