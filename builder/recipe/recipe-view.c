/* SPDX-License-Identifier: MIT */
#include "recipe/recipe-view.h"

#include <string.h>

#include "base/memory.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#endif
#endif
#ifndef ASAN_POISON_MEMORY_REGION
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

/* No address on any 64-bit machine, no bool, and no number of a recipe. */
#define UNREADABLE 0xa5

bool recipe_may_read(const struct recipe *recipe, unsigned readers, const struct schema_key *key)
{
	return (key->readers & readers) ||
	       ((readers & READ_TREE) && strv_has(&recipe->template_keys, key->path));
}

static void *unreadable(size_t size)
{
	void *memory = xmalloc(size);

	memset(memory, UNREADABLE, size);
	ASAN_POISON_MEMORY_REGION(memory, size);
	return memory;
}

static void release(void *memory, size_t size)
{
	if (memory)
		ASAN_UNPOISON_MEMORY_REGION(memory, size);
	free(memory);
}

static void show(char *view, const char *from, size_t offset, size_t size)
{
	ASAN_UNPOISON_MEMORY_REGION(view + offset, size);
	memcpy(view + offset, from + offset, size);
}

static size_t size_of(enum schema_type type)
{
	switch (type) {
	case SCHEMA_TEXT:
	case SCHEMA_ENTRIES:
	case SCHEMA_IDS:
		return sizeof(char *);
	case SCHEMA_SWITCH:
		return sizeof(bool);
	case SCHEMA_NUMBER:
	case SCHEMA_CHOICE:
		return sizeof(int);
	case SCHEMA_RANGE:
		return 2 * sizeof(char *);
	case SCHEMA_WORDS:
	case SCHEMA_FOLDERS:
	case SCHEMA_LINES:
		return sizeof(struct recipe_list);
	case SCHEMA_FILE:
		return sizeof(struct recipe_file);
	case SCHEMA_FILES:
		return sizeof(struct recipe_files);
	case SCHEMA_EXTENDS:
	case SCHEMA_SECTION:
		break;
	}
	return 0;
}

static const char *items_of(const struct schema_key *list, const char *base)
{
	return *(char *const *)(const void *)(base + list->offset);
}

static size_t count_of(const struct schema_key *list, const char *base)
{
	return *(const size_t *)(const void *)(base + list->count_offset);
}

/* A list of mappings gets items of its own, in which only some fields can be read. */
static void show_entries(char *view, const char *from, const struct schema_key *list,
			 unsigned readers)
{
	size_t count = count_of(list, from);
	char *items = unreadable(count * list->element_size + 1);

	for (size_t i = 0; i < count; i++) {
		size_t at = i * list->element_size;

		show(items + at, items_of(list, from) + at, list->at_offset,
		     sizeof(struct position));
		for (const struct schema_key *k = NULL; (k = schema_next(list->path, k));)
			if (k->readers & readers)
				show(items + at, items_of(list, from) + at, k->offset,
				     size_of(k->type));
	}
	show(view, from, list->count_offset, sizeof(size_t));
	ASAN_UNPOISON_MEMORY_REGION(view + list->offset, sizeof(items));
	memcpy(view + list->offset, &items, sizeof(items));
}

static void show_key(char *view, const char *from, const struct schema_key *key, unsigned readers)
{
	if (key->type == SCHEMA_ENTRIES) {
		show_entries(view, from, key, readers);
		return;
	}
	show(view, from, key->offset, size_of(key->type));
	if (key->type == SCHEMA_IDS)
		show(view, from, key->count_offset, sizeof(size_t));
	if (key->type == SCHEMA_FOLDERS)
		show(view, from, offsetof(struct recipe, overlay_digests), sizeof(struct strv));
}

/* What is no value of the recipe's: where it was written, and how its files are opened. */
static void show_positions(char *view, const char *from)
{
#define SHOW(member)                                                                               \
	show(view, from, offsetof(struct recipe, member), sizeof(((struct recipe *)NULL)->member))
	SHOW(path);
	SHOW(reach);
	SHOW(files);
	SHOW(places);
	SHOW(line_files);
	SHOW(place);
	SHOW(place_count);
#undef SHOW
}

struct recipe *recipe_view_new(const struct recipe *recipe, unsigned readers)
{
	const char *from = (const char *)recipe;
	char *view = unreadable(sizeof(struct recipe));

	for (size_t i = 0; i < schema_count; i++)
		if (!schema_is_inside_entries(&schema[i]) &&
		    recipe_may_read(recipe, readers, &schema[i]))
			show_key(view, from, &schema[i], readers);
	show_positions(view, from);
	if (readers & READ_TREE) {
		show(view, from, offsetof(struct recipe, boots_over_network), sizeof(bool));
		show(view, from, offsetof(struct recipe, boots_read_only), sizeof(bool));
	}
	return (struct recipe *)(void *)view;
}

void recipe_view_free(struct recipe *view)
{
	char *bytes = (char *)view;

	if (!view)
		return;
	ASAN_UNPOISON_MEMORY_REGION(view, sizeof(*view));
	for (size_t i = 0; i < schema_count; i++) {
		const struct schema_key *key = &schema[i];
		char *items, *none;

		if (key->type != SCHEMA_ENTRIES)
			continue;
		items = *(char **)(void *)(bytes + key->offset);
		memset(&none, UNREADABLE, sizeof(none));
		if (items != none)
			release(items, count_of(key, bytes) * key->element_size + 1);
	}
	release(view, sizeof(*view));
}
