/* SPDX-License-Identifier: MIT */
#include "recipe/values.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "recipe/input.h"

static void fill_mapping(struct recipe *recipe, const char *parent, char *base,
			 const struct node *mapping);

/* The default, in which ${…} is replaced by values that are filled before it. */
static char *expand_default(const struct recipe *recipe, const char *fallback)
{
	const struct {
		const char *name, *value;
	} variables[] = {
		{ "${name}", recipe->name },
		{ "${architecture}", recipe->architecture },
		{ "${server.address}", recipe->server.address },
	};
	struct text t = { 0 };

	text_add(&t, "");
	while (*fallback) {
		size_t i = 0;

		while (i < 3 && !starts_with(fallback, variables[i].name))
			i++;
		if (i < 3) {
			text_add(&t, variables[i].value ? variables[i].value : "");
			fallback += strlen(variables[i].name);
		} else {
			text_append(&t, fallback++, 1);
		}
	}
	return text_take(&t);
}

static int choice_index(const char *allowed, const char *value)
{
	CLEANUP(strv_release) struct strv words = { 0 };

	strv_split(&words, allowed, " ");
	for (size_t i = 0; i < words.count; i++)
		if (streq(words.item[i], value))
			return (int)i;
	return -1;
}

static void set_range(char **first_and_last, const char *text)
{
	CLEANUP(strv_release) struct strv words = { 0 };

	strv_split(&words, text, " ");
	first_and_last[0] = xstrdup(words.item[0]);
	first_and_last[1] = xstrdup(words.item[1]);
}

static void set_file(struct recipe_file *f, const char *given, const struct position *at)
{
	f->given = xstrdup(given);
	f->path = input_path(at, given);
	f->at = *at;
}

/* Fills a field from one text, given or default. */
static void set_scalar(const struct schema_key *key, void *field, const char *text,
		       const struct position *at)
{
	switch (key->type) {
	case SCHEMA_TEXT:
		*(char **)field = xstrdup(text);
		break;
	case SCHEMA_SWITCH:
		*(bool *)field = streq(text, "yes") || streq(text, "true");
		break;
	case SCHEMA_NUMBER:
		(void)parse_int(text, field);
		break;
	case SCHEMA_CHOICE:
		*(int *)field = choice_index(key->allowed, text);
		break;
	case SCHEMA_RANGE:
		set_range(field, text);
		break;
	case SCHEMA_FILE:
		set_file(field, text, at);
		break;
	case SCHEMA_EXTENDS:
	case SCHEMA_WORDS:
	case SCHEMA_FOLDERS:
	case SCHEMA_FILES:
	case SCHEMA_LINES:
	case SCHEMA_IDS:
	case SCHEMA_SECTION:
	case SCHEMA_ENTRIES:
		break;
	}
}

static void add_item(const struct schema_key *key, void *field, const char *text,
		     const struct position *at)
{
	if (key->type == SCHEMA_FOLDERS) {
		cleanup_free char *path = input_path(at, text);

		recipe_list_add(field, path, at);
	} else if (key->type == SCHEMA_FILES) {
		struct recipe_files *files = field;

		GROW(files->item, files->count, files->allocated);
		files->item[files->count] = (struct recipe_file){ 0 };
		set_file(&files->item[files->count++], text, at);
	} else {
		recipe_list_add(field, text, at);
	}
}

static void fill_ids(struct recipe *recipe, const struct node *node)
{
	recipe->id = xcalloc(node->count, sizeof(*recipe->id));
	recipe->id_count = node->count;
	for (size_t i = 0; i < node->count; i++) {
		const struct node *number = node->item[i];
		struct recipe_id *id = &recipe->id[i];
		uint64_t value = 0;

		id->group_only = number->kind == NODE_MAPPING;
		if (id->group_only)
			number = number->item[0];
		(void)parse_u64(number->text, &value);
		id->id = (unsigned)value;
		id->name = xstrdup(node->key[i].name);
		id->at = node->key[i].at;
	}
}

static void fill_entries(struct recipe *recipe, const struct schema_key *key, char *base,
			 const struct node *list)
{
	char *item = xcalloc(list->count, key->element_size);

	*(char **)(void *)(base + key->offset) = item;
	*(size_t *)(void *)(base + key->count_offset) = list->count;
	for (size_t i = 0; i < list->count; i++, item += key->element_size) {
		*(struct position *)(void *)(item + key->at_offset) = list->item[i]->at;
		fill_mapping(recipe, key->path, item, list->item[i]);
	}
}

static void fill_default(struct recipe *recipe, const struct schema_key *key, char *field)
{
	const struct position nowhere = { .file = recipe->path };
	CLEANUP(strv_release) struct strv words = { 0 };

	if (!key->fallback) {
		/* -1 means that nobody said it: menu.clients.timeout. */
		if (key->type == SCHEMA_NUMBER || key->type == SCHEMA_CHOICE)
			*(int *)(void *)field = -1;
		return;
	}
	cleanup_free char *text = expand_default(recipe, key->fallback);
	if (!schema_is_list(key)) {
		set_scalar(key, field, text, &nowhere);
		return;
	}
	strv_split(&words, text, " ");
	for (size_t i = 0; i < words.count; i++)
		add_item(key, field, words.item[i], &nowhere);
}

/* An element of a list of mappings, whose fields do not lie in the recipe, has its own place. */
static void note_place(struct recipe *recipe, const struct schema_key *key, const char *base,
		       const struct position *at)
{
	if (base != (const char *)recipe)
		return;
	GROW(recipe->place, recipe->place_count, recipe->place_allocated);
	recipe->place[recipe->place_count++] = (struct recipe_place){ key->path, *at };
}

static void fill_key(struct recipe *recipe, const struct schema_key *key, char *base,
		     const struct node *node)
{
	char *field = base + key->offset;

	if (key->type == SCHEMA_SECTION)
		fill_mapping(recipe, key->path, base, node);
	else if (!node)
		fill_default(recipe, key, field);
	else if (key->type == SCHEMA_ENTRIES)
		fill_entries(recipe, key, base, node);
	else if (key->type == SCHEMA_IDS)
		fill_ids(recipe, node);
	else if (schema_is_list(key))
		for (size_t i = 0; i < node->count; i++)
			add_item(key, field, node->item[i]->text, &node->item[i]->at);
	else {
		set_scalar(key, field, node->text, &node->at);
		note_place(recipe, key, base, &node->at);
	}
}

static void fill_mapping(struct recipe *recipe, const char *parent, char *base,
			 const struct node *mapping)
{
	for (const struct schema_key *k = NULL; (k = schema_next(parent, k));)
		fill_key(recipe, k, base, mapping ? node_get(mapping, schema_leaf(k)) : NULL);
}

void values_fill(struct recipe *recipe, const struct node *root)
{
	fill_mapping(recipe, "", (char *)recipe, root);
}

void values_default_item(const struct schema_key *list, void *item)
{
	struct recipe nobody = { 0 };

	fill_mapping(&nobody, list->path, item, NULL);
}

static void release_file(struct recipe_file *f)
{
	free(f->given);
	free(f->path);
	*f = (struct recipe_file){ 0 };
}

static void release_files(struct recipe_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		release_file(&files->item[i]);
	free(files->item);
	*files = (struct recipe_files){ 0 };
}

static void release_mapping(const char *parent, char *base);

static void release_entries(const struct schema_key *key, char *base)
{
	char **items = (char **)(void *)(base + key->offset);
	size_t *count = (size_t *)(void *)(base + key->count_offset);

	for (size_t i = 0; i < *count; i++)
		release_mapping(key->path, *items + i * key->element_size);
	free(take_ptr(*items));
	*count = 0;
}

static void release_ids(struct recipe *recipe)
{
	for (size_t i = 0; i < recipe->id_count; i++)
		free(recipe->id[i].name);
	free(take_ptr(recipe->id));
	recipe->id_count = 0;
}

static void release_key(const struct schema_key *key, char *base)
{
	void *field = base + key->offset;

	switch (key->type) {
	case SCHEMA_RANGE:
		free(take_ptr(((char **)field)[1]));
		__attribute__((fallthrough));
	case SCHEMA_TEXT:
		free(take_ptr(*(char **)field));
		break;
	case SCHEMA_WORDS:
	case SCHEMA_FOLDERS:
	case SCHEMA_LINES:
		recipe_list_release(field);
		break;
	case SCHEMA_FILE:
		release_file(field);
		break;
	case SCHEMA_FILES:
		release_files(field);
		break;
	case SCHEMA_IDS:
		release_ids((struct recipe *)(void *)base);
		break;
	case SCHEMA_SECTION:
		release_mapping(key->path, base);
		break;
	case SCHEMA_ENTRIES:
		release_entries(key, base);
		break;
	case SCHEMA_EXTENDS:
	case SCHEMA_SWITCH:
	case SCHEMA_NUMBER:
	case SCHEMA_CHOICE:
		break;
	}
}

void values_release_item(const struct schema_key *list, void *item)
{
	release_mapping(list->path, item);
}

static void release_mapping(const char *parent, char *base)
{
	for (const struct schema_key *k = NULL; (k = schema_next(parent, k));)
		release_key(k, base);
}

void values_release(struct recipe *recipe)
{
	release_mapping("", (char *)recipe);
}

const struct recipe_files *values_files(const struct schema_key *key, const struct recipe *recipe)
{
	return (const struct recipe_files *)(const void *)((const char *)recipe + key->offset);
}
