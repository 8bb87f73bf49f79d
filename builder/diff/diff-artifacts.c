/* SPDX-License-Identifier: MIT */
/* Compares the files of the results, by what manifest.json says of them. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "diff/diff-parts.h"
#include "base/json.h"

/* One file, its path with RECIPE and VERSION instead of their names. */
static json_t *find_file(json_t *files, const char *path)
{
	return json_object_get(files, path);
}

static const char *or_empty(json_t *manifest, const char *key)
{
	const char *s = json_string_value(json_object_get(manifest, key));

	return s ? s : "";
}

/* tftp/kernel/rescue64/20260829T041900Z-1f3a9c2e/vmlinuz: tftp/kernel/RECIPE/VERSION/vmlinuz */
static char *common_path(const char *path, json_t *manifest)
{
	const char *recipe = or_empty(manifest, "recipe"), *version = or_empty(manifest, "version");
	CLEANUP(text_release) struct text t = { 0 };
	CLEANUP(strv_release) struct strv parts = { 0 };

	strv_split(&parts, path, "/");
	for (size_t i = 0; i < parts.count; i++) {
		const char *part = parts.item[i];

		text_add(&t, i ? "/" : "");
		text_add(&t, streq(part, version)  ? "VERSION"
			     : streq(part, recipe) ? "RECIPE"
						   : part);
	}
	return text_take(&t);
}

/* { path: { "size":…, "sha256":… } or { "link":… } } */
static json_t *files_of(json_t *manifest)
{
	json_t *o = json_object();
	size_t i;
	json_t *file;

	json_array_foreach(json_object_get(manifest, "files"), i, file)
	{
		const char *path = json_string_value(json_object_get(file, "path"));
		cleanup_free char *common = path ? common_path(path, manifest) : NULL;

		if (common)
			json_object_set(o, common, file);
	}
	return o;
}

/* Texts in which the version stands differ between any two versions, which is no news. What else
 * they say is compared with lock, settings and menu. */
static bool names_version(const char *path)
{
	return starts_with(path, "tftp/menu/") || starts_with(path, "server/");
}

/* Lock, manifest and SBOMs describe what is compared anyway, and nobody asks for their size. */
static bool is_description(const char *path)
{
	return !strchr(path, '/') && !streq(path, "rootfs.tar.zst");
}

static void compare_file(struct diff *d, const char *path, json_t *old, json_t *new,
			 bool same_version)
{
	json_t *a = json_object_get(old, "size"), *b = json_object_get(new, "size");
	cleanup_free char *words = NULL;
	struct change *c;

	if (is_description(path) && !same_version)
		return;
	if (json_equal(json_object_get(old, "sha256"), json_object_get(new, "sha256")))
		return;
	if (json_equal(a, b) && names_version(path) && !same_version)
		return;
	c = diff_add(d, DIFF_ARTIFACTS, CHANGE_CHANGED, path, json_incref(a), json_incref(b));
	if (json_equal(a, b)) {
		change_words(c, "other content");
		return;
	}
	words = size_change((uint64_t)json_integer_value(a), (uint64_t)json_integer_value(b));
	change_words(c, "%s", words);
}

static void compare_links(struct diff *d, const char *path, json_t *old, json_t *new,
			  bool same_version)
{
	/* menu/current points at the version. */
	if (streq(path, "tftp/menu/current") && !same_version)
		return;
	(void)diff_values(d, DIFF_ARTIFACTS, path, json_object_get(old, "link"),
			  json_object_get(new, "link"));
}

static void lone_file(struct diff *d, const char *path, json_t *file, bool added)
{
	json_t *value = json_object_get(file, "size");

	if (!value)
		value = json_object_get(file, "link");
	if (!is_description(path))
		(void)diff_values(d, DIFF_ARTIFACTS, path, added ? NULL : value,
				  added ? value : NULL);
}

void diff_artifacts(struct diff *d, json_t *old, json_t *new)
{
	CLEANUP(json_cleanup) json_t *old_files = files_of(old);
	CLEANUP(json_cleanup) json_t *new_files = files_of(new);
	bool same_version = streq(or_empty(old, "version"), or_empty(new, "version"));
	json_t *file;
	const char *path;

	json_object_foreach(old_files, path, file)
	{
		json_t *now = find_file(new_files, path);
		bool links = json_object_get(file, "link") && json_object_get(now, "link");

		if (!now)
			lone_file(d, path, file, false);
		else if (links)
			compare_links(d, path, file, now, same_version);
		else
			compare_file(d, path, file, now, same_version);
	}
	json_object_foreach(new_files, path, file) if (!find_file(old_files, path))
		lone_file(d, path, file, true);
}
