/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/digest.h"
#include "base/memory.h"
#include "base/text.h"
#include "recipe/recipe-view.h"
#include "recipe/recipe.h"
#include "recipe/values.h"

static int compare_paths(const void *a, const void *b)
{
	const struct schema_key *const *x = a, *const *y = b;

	return strcmp((*x)->path, (*y)->path);
}

static void write_line(struct text *out, const char *label, const char *value)
{
	text_printf(out, "%s = ", label);
	for (; *value; value++) {
		if (*value == '\\' || *value == '\n')
			text_add(out, *value == '\\' ? "\\\\" : "\\n");
		else
			text_append(out, value, 1);
	}
	text_add(out, "\n");
}

static void write_item(struct text *out, const char *label, size_t i, const char *value)
{
	cleanup_free char *with_index = xasprintf("%s[%zu]", label, i);

	write_line(out, with_index, value);
}

static void write_list(struct text *out, const char *label, const struct recipe_list *l)
{
	/* An empty list is written, too: the default may have items. */
	if (!l->count)
		write_line(out, label, "[]");
	for (size_t i = 0; i < l->count; i++)
		write_item(out, label, i, l->item[i].value);
}

static void write_ids(struct text *out, const char *label, const struct recipe *recipe)
{
	for (size_t i = 0; i < recipe->id_count; i++) {
		cleanup_free char *value =
			xasprintf("%s %s %u", recipe->id[i].name,
				  recipe->id[i].group_only ? "group" : "both", recipe->id[i].id);

		write_item(out, label, i, value);
	}
}

static void write_choice(struct text *out, const struct schema_key *key, const char *label,
			 int value)
{
	CLEANUP(strv_release) struct strv words = { 0 };

	strv_split(&words, key->allowed, " ");
	if (value >= 0 && (size_t)value < words.count)
		write_line(out, label, words.item[value]);
}

static void write_number(struct text *out, const char *label, int value)
{
	cleanup_free char *text = xasprintf("%d", value);

	write_line(out, label, text);
}

static void write_range(struct text *out, const char *label, char *const *first_and_last)
{
	cleanup_free char *text = xasprintf("%s %s", first_and_last[0], first_and_last[1]);

	write_line(out, label, text);
}

/* Writes the lines of one key, whose field is in `base`. */
static void write_key(struct text *out, const struct schema_key *key, const char *label,
		      const char *base)
{
	const void *field = base + key->offset;
	const struct recipe_files *files = field;

	switch (key->type) {
	case SCHEMA_TEXT:
		if (*(char *const *)field)
			write_line(out, label, *(char *const *)field);
		break;
	case SCHEMA_SWITCH:
		write_line(out, label, *(const bool *)field ? "yes" : "no");
		break;
	case SCHEMA_NUMBER:
		write_number(out, label, *(const int *)field);
		break;
	case SCHEMA_CHOICE:
		write_choice(out, key, label, *(const int *)field);
		break;
	case SCHEMA_RANGE:
		write_range(out, label, field);
		break;
	case SCHEMA_WORDS:
	case SCHEMA_LINES:
		write_list(out, label, field);
		break;
	case SCHEMA_FILE:
		if (((const struct recipe_file *)field)->path)
			write_line(out, label, ((const struct recipe_file *)field)->digest);
		break;
	case SCHEMA_FILES:
		for (size_t i = 0; i < files->count; i++)
			write_item(out, label, i, files->item[i].digest);
		break;
	case SCHEMA_FOLDERS: /* written by digest, not by path */
	case SCHEMA_IDS:
	case SCHEMA_EXTENDS:
	case SCHEMA_SECTION:
	case SCHEMA_ENTRIES:
		break;
	}
}

/* Writes them unless they equal the default's. */
static void write_changed(struct text *out, const struct schema_key *key, const char *label,
			  const char *base, const char *defaults)
{
	CLEANUP(text_release) struct text is = { 0 };
	CLEANUP(text_release) struct text would_be = { 0 };

	write_key(&is, key, label, base);
	if (key->fallback)
		write_key(&would_be, key, label, defaults);
	if (is.data && !streq(is.data, would_be.data))
		text_append(out, is.data, is.length);
}

static void write_entries(struct text *out, const struct schema_key *key, const char *base)
{
	const char *items = *(char *const *)(const void *)(base + key->offset);
	size_t count = *(const size_t *)(const void *)(base + key->count_offset);
	cleanup_free char *blank = xcalloc(1, key->element_size);

	values_default_item(key, blank);
	for (size_t i = 0; i < count; i++)
		for (const struct schema_key *k = NULL; (k = schema_next(key->path, k));) {
			cleanup_free char *label =
				xasprintf("%s[%zu].%s", key->path, i, schema_leaf(k));

			if (k->outside_digest)
				continue;

			write_changed(out, k, label, items + i * key->element_size, blank);
		}
	values_release_item(key, blank);
}

void recipe_canonical(const struct recipe *recipe, struct text *ret)
{
	CLEANUP(values_release) struct recipe defaults = { .name = xstrdup(recipe->name) };
	cleanup_free const struct schema_key **sorted = xcalloc(schema_count, sizeof(*sorted));
	size_t count = 0;

	values_fill(&defaults, NULL);
	for (size_t i = 0; i < schema_count; i++)
		if (!schema[i].outside_digest && !schema_is_inside_entries(&schema[i]))
			sorted[count++] = &schema[i];
	qsort(sorted, count, sizeof(struct schema_key *), compare_paths);
	text_add(ret, "");
	for (size_t i = 0; i < count; i++) {
		const struct schema_key *key = sorted[i];

		if (key->type == SCHEMA_ENTRIES)
			write_entries(ret, key, (const char *)recipe);
		else if (key->type == SCHEMA_IDS)
			write_ids(ret, key->path, recipe);
		else if (key->type == SCHEMA_FOLDERS)
			for (size_t o = 0; o < recipe->overlay_digests.count; o++)
				write_item(ret, key->path, o, recipe->overlay_digests.item[o]);
		else
			write_changed(ret, key, key->path, (const char *)recipe,
				      (const char *)&defaults);
	}
}

/* The name that a file was given by may end up in the tree or in the bill of materials. */
static void write_names(struct text *out, const struct schema_key *key, const char *label,
			const char *base)
{
	const void *field = base + key->offset;
	const struct recipe_file *file = field;
	const struct recipe_files *files = field;
	const struct recipe_list *folders = field;

	if (key->type == SCHEMA_FILE && file->path)
		write_line(out, label, file->given);
	for (size_t i = 0; key->type == SCHEMA_FILES && i < files->count; i++)
		write_item(out, label, i, files->item[i].given);
	for (size_t i = 0; key->type == SCHEMA_FOLDERS && i < folders->count; i++) {
		cleanup_free char *name = last_name(folders->item[i].value);

		write_item(out, label, i, name);
	}
}

static void write_read_entries(struct text *out, const struct schema_key *key, unsigned readers,
			       const char *base)
{
	const char *items = *(char *const *)(const void *)(base + key->offset);
	size_t count = *(const size_t *)(const void *)(base + key->count_offset);

	text_printf(out, "%s: %zu\n", key->path, count);
	for (size_t i = 0; i < count; i++)
		for (const struct schema_key *k = NULL; (k = schema_next(key->path, k));) {
			cleanup_free char *label =
				xasprintf("%s[%zu].%s", key->path, i, schema_leaf(k));

			if (!(k->readers & readers))
				continue;
			write_key(out, k, label, items + i * key->element_size);
			write_names(out, k, label, items + i * key->element_size);
		}
}

void recipe_read_values(const struct recipe *recipe, unsigned readers, struct text *ret)
{
	const char *base = (const char *)recipe;

	text_add(ret, "");
	for (size_t i = 0; i < schema_count; i++) {
		const struct schema_key *key = &schema[i];

		if (schema_is_inside_entries(key) || !recipe_may_read(recipe, readers, key))
			continue;
		if (key->type == SCHEMA_ENTRIES)
			write_read_entries(ret, key, readers, base);
		else if (key->type == SCHEMA_IDS)
			write_ids(ret, key->path, recipe);
		else
			write_key(ret, key, key->path, base);
		if (key->type == SCHEMA_FOLDERS)
			for (size_t o = 0; o < recipe->overlay_digests.count; o++)
				write_item(ret, key->path, o, recipe->overlay_digests.item[o]);
		write_names(ret, key, key->path, base);
	}
	if (readers & READ_TREE)
		text_printf(ret, "boots: %d %d\n", recipe->boots_over_network,
			    recipe->boots_read_only);
}

/* The digest in a line such as `overlays[0] = DIGEST`, which stands for a file or folder; NULL if
 * it is another line. */
static const char *own_digest(const char *line)
{
	const char *value = strstr(line, " = ");

	return value && digest_is_valid(value + 3) ? value + 3 : NULL;
}

/* The length of the outermost key: of `menu` in `menu.entries[0].label = …`. */
static size_t top_key(const char *line)
{
	return strcspn(line, ".[ ");
}

static void add_group(const struct strv *line, size_t first, struct strv *ret)
{
	CLEANUP(text_release) struct text group = { 0 };
	const char *start = line->item[first];
	size_t length = top_key(start);
	char digest[DIGEST_HEX];

	for (size_t i = first; i < line->count; i++)
		if (top_key(line->item[i]) == length &&
		    strncmp(line->item[i], start, length) == 0 && !own_digest(line->item[i]))
			text_printf(&group, "%s\n", line->item[i]);
	digest_bytes(group.data, group.length, digest);
	strv_addf(ret, "%.*s %s", (int)length, start, digest);
}

void recipe_inputs(const struct recipe *recipe, struct strv *ret)
{
	CLEANUP(text_release) struct text canonical = { 0 };
	CLEANUP(strv_release) struct strv line = { 0 };
	CLEANUP(strv_release) struct strv seen = { 0 };

	recipe_canonical(recipe, &canonical);
	strv_split(&line, canonical.data, "\n");
	for (size_t i = 0; i < line.count; i++) {
		const char *digest = own_digest(line.item[i]);
		cleanup_free char *key = xstrndup(line.item[i], top_key(line.item[i]));

		if (digest) {
			strv_addf(ret, "%.*s %s", (int)(digest - 3 - line.item[i]), line.item[i],
				  digest);
		} else if (!strv_has(&seen, key)) {
			strv_add(&seen, key);
			add_group(&line, i, ret);
		}
	}
}
