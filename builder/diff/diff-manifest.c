/* SPDX-License-Identifier: MIT */
/* Compares what the manifests say of settings, server and menu. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "diff/diff-parts.h"
#include "base/json.h"

#define KEY_ENTRY "entry"
#define KEY_TIMEOUT "timeout"

/* Every key of two flat objects (either may be NULL), in the order of the new one. */
static void compare_objects(struct diff *d, enum diff_section section, const char *prefix,
			    json_t *old, json_t *new)
{
	const char *key;
	json_t *value;

	json_object_foreach(new, key, value)
	{
		cleanup_free char *name = xasprintf("%s%s", prefix, key);

		(void)diff_values(d, section, name, json_object_get(old, key), value);
	}
	json_object_foreach(old, key, value)
	{
		cleanup_free char *name = xasprintf("%s%s", prefix, key);

		if (!json_object_get(new, key))
			(void)diff_values(d, section, name, value, NULL);
	}
}

/* "user sshd 990", … as { "user sshd": "990", … } */
static json_t *ids_object(json_t *ids)
{
	json_t *o = json_object();
	size_t i;
	json_t *item;

	json_array_foreach(ids, i, item)
	{
		const char *s = json_string_value(item);
		const char *blank = s ? strrchr(s, ' ') : NULL;
		cleanup_free char *name = blank ? xstrndup(s, (size_t)(blank - s)) : NULL;

		if (name)
			json_add_text(o, name, blank + 1);
	}
	return o;
}

/* Paths have the recipe and the version in them, which always differ: RECIPE/VERSION stands for
 * them. */
static json_t *without_version(const char *s, json_t *manifest)
{
	const char *recipe = json_string_value(json_object_get(manifest, "recipe"));
	const char *version = json_string_value(json_object_get(manifest, "version"));
	cleanup_free char *both = xasprintf("%s/%s", recipe ? recipe : "", version ? version : "");
	CLEANUP(text_release) struct text t = { 0 };
	const char *hit;

	text_add(&t, "");
	for (; version && (hit = strstr(s, both)); s = hit + strlen(both)) {
		text_append(&t, s, (size_t)(hit - s));
		text_add(&t, "RECIPE/VERSION");
	}
	text_add(&t, s);
	return json_text(t.data);
}

static json_t *entry_without_version(json_t *entry, json_t *manifest)
{
	json_t *o = json_object();
	const char *key;
	json_t *value;

	json_object_foreach(entry, key, value)
	{
		if (json_is_string(value))
			json_object_set_new(o, key,
					    without_version(json_string_value(value), manifest));
		else
			json_object_set(o, key, value);
	}
	return o;
}

static json_t *find_entry(json_t *entries, const char *label)
{
	size_t i;
	json_t *entry;

	json_array_foreach(entries, i, entry)
	{
		const char *is = json_string_value(json_object_get(entry, "label"));

		if (is && streq(is, label))
			return entry;
	}
	return NULL;
}

static json_t *entries_of(json_t *manifest)
{
	return json_object_get(json_object_get(manifest, "menu"), "entries");
}

/* label: of an entry that at least one of the menus has. */
static void compare_entry(struct diff *d, const char *label, json_t *old_manifest,
			  json_t *new_manifest)
{
	json_t *old = find_entry(entries_of(old_manifest), label);
	json_t *new = find_entry(entries_of(new_manifest), label);
	cleanup_free char *prefix = xasprintf("entry %s: ", label);
	cleanup_free char *name = xasprintf("entry %s", label);
	CLEANUP(json_cleanup) json_t *a = entry_without_version(old, old_manifest);
	CLEANUP(json_cleanup) json_t *b = entry_without_version(new, new_manifest);

	if (old && new)
		compare_objects(d, DIFF_MENU, prefix, a, b);
	else
		(void)diff_values(d, DIFF_MENU, name, old ? json_object_get(old, "title") : NULL,
				  new ? json_object_get(new, "title") : NULL);
}

/* Labels in the order of the menu. */
static json_t *order_of(json_t *manifest)
{
	json_t *labels = json_array();
	size_t i;
	json_t *entry;

	json_array_foreach(entries_of(manifest), i, entry)
		json_array_append(labels, json_object_get(entry, "label"));
	return labels;
}

/* "rescue64 after 30 s", "local at once", "local, waiting": entry and tenths of a second. */
static json_t *start_text(json_t *choice)
{
	const char *entry = json_string_value(json_object_get(choice, KEY_ENTRY));
	json_int_t tenths = json_integer_value(json_object_get(choice, KEY_TIMEOUT));
	CLEANUP(text_release) struct text t = { 0 };

	if (!entry)
		return NULL;
	text_add(&t, entry);
	if (json_is_true(json_object_get(choice, "at-once")))
		text_add(&t, " at once");
	else if (tenths == 0)
		text_add(&t, " when chosen");
	else if (tenths % 10)
		text_printf(&t, " after %.1f s", (double)tenths / 10);
	else
		text_printf(&t, " after %d s", (int)(tenths / 10));
	return json_text(t.data);
}

static void compare_start(struct diff *d, const char *name, json_t *old, json_t *new)
{
	CLEANUP(json_cleanup) json_t *a = start_text(old);
	CLEANUP(json_cleanup) json_t *b = start_text(new);

	(void)diff_values(d, DIFF_MENU, name, a, b);
}

static void compare_clients(struct diff *d, json_t *old, json_t *new)
{
	const char *mac;
	json_t *value;

	json_object_foreach(old, mac, value)
	{
		cleanup_free char *name = xasprintf("client %s", mac);

		compare_start(d, name, value, json_object_get(new, mac));
	}
	json_object_foreach(new, mac, value)
	{
		cleanup_free char *name = xasprintf("client %s", mac);

		if (!json_object_get(old, mac))
			compare_start(d, name, NULL, value);
	}
}

static void compare_menus(struct diff *d, json_t *old, json_t *new)
{
	json_t *a = json_object_get(old, "menu"), *b = json_object_get(new, "menu");
	CLEANUP(json_cleanup) json_t *old_order = order_of(old);
	CLEANUP(json_cleanup) json_t *new_order = order_of(new);
	size_t i;
	json_t *label;

	(void)diff_values(d, DIFF_MENU, "title", json_object_get(a, "title"),
			  json_object_get(b, "title"));
	json_array_foreach(old_order, i, label)
		compare_entry(d, json_string_value(label), old, new);
	json_array_foreach(new_order, i,
			   label) if (!find_entry(entries_of(old), json_string_value(label)))
		compare_entry(d, json_string_value(label), old, new);
	(void)diff_values(d, DIFF_MENU, "order", old_order, new_order);
	compare_start(d, "start", json_object_get(a, "default"), json_object_get(b, "default"));
	compare_clients(d, json_object_get(a, "clients"), json_object_get(b, "clients"));
	(void)diff_values(d, DIFF_MENU, "firmware", json_object_get(old, "firmware"),
			  json_object_get(new, "firmware"));
}

void diff_manifests(struct diff *d, json_t *old, json_t *new)
{
	CLEANUP(json_cleanup) json_t *old_ids = ids_object(json_object_get(old, "allocated-ids"));
	CLEANUP(json_cleanup) json_t *new_ids = ids_object(json_object_get(new, "allocated-ids"));

	compare_objects(d, DIFF_SETTINGS, "", json_object_get(old, "settings"),
			json_object_get(new, "settings"));
	compare_objects(d, DIFF_SETTINGS, "id of ", old_ids, new_ids);
	compare_objects(d, DIFF_SERVER, "", json_object_get(old, "server"),
			json_object_get(new, "server"));
	compare_menus(d, old, new);
}
