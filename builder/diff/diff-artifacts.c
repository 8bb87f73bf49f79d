/* SPDX-License-Identifier: MIT */
/* Compares the files of the results by what is in them; what the manifests say of them was checked
 * before (publish/result-damage.h). */
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "diff/diff-parts.h"

#define TEXT_MAX (1 << 20)

/* The two results. */
struct artifacts {
	struct diff *d;
	const struct diff_input *old, *new;
	bool same_version;
};

static const char *string_of(const struct diff_input *in, const char *key)
{
	const char *s = json_string_value(json_object_get(in->manifest, key));

	return s ? s : "";
}

/* tftp/kernel/rescue64/20260829T041900Z-1f3a9c2e/vmlinuz: tftp/kernel/RECIPE/VERSION/vmlinuz */
static char *common_path(const struct diff_input *in, const char *path)
{
	const char *recipe = string_of(in, "recipe"), *version = string_of(in, "version");
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

/* { common path: index in .files } */
static json_t *files_of(const struct diff_input *in)
{
	json_t *o = json_object();

	for (size_t i = 0; i < in->files.count; i++) {
		cleanup_free char *common = common_path(in, in->files.item[i].path);

		json_object_set_new(o, common, json_integer((json_int_t)i));
	}
	return o;
}

static const struct result_file *find_file(const struct diff_input *in, const json_t *files,
					   const char *path)
{
	const json_t *index = json_object_get(files, path);

	return index ? &in->files.item[json_integer_value(index)] : NULL;
}

/* Texts in which the version stands. */
static bool names_version(const char *path)
{
	return starts_with(path, "tftp/menu/") || starts_with(path, "server/");
}

/* Lock, manifest and SBOMs describe what is compared anyway, and nobody asks for their size. */
static bool is_description(const char *path)
{
	return !strchr(path, '/') && !streq(path, "rootfs.tar.zst");
}

/* The file's text with VERSION in place of its version; caller frees. */
static int read_common(const struct diff_input *in, const struct result_file *f, char **ret,
		       struct err *err)
{
	const char *version = string_of(in, "version");
	CLEANUP(text_release) struct text content = { 0 };
	CLEANUP(text_release) struct text t = { 0 };
	const char *p, *hit;

	if (read_file_nofollow(in->dir_fd, f->path, TEXT_MAX, &content, err) < 0)
		return err_wrap(err, "reading '%s'", in->path);
	text_add(&t, "");
	for (p = content.data; *version && (hit = strstr(p, version)); p = hit + strlen(version)) {
		text_append(&t, p, (size_t)(hit - p));
		text_add(&t, "VERSION");
	}
	text_append(&t, p, content.length - (size_t)(p - content.data));
	*ret = text_take(&t);
	return 0;
}

/* 1: they say the same of their versions; 0: they do not. */
static int same_but_version(const struct artifacts *a, const struct result_file *old,
			    const struct result_file *new, struct err *err)
{
	cleanup_free char *x = NULL, *y = NULL;
	int r = read_common(a->old, old, &x, err);

	if (r == 0)
		r = read_common(a->new, new, &y, err);
	return r < 0 ? r : streq(x, y);
}

static json_t *size_of(const struct result_file *f)
{
	return json_integer((json_int_t)f->size);
}

static int compare_file(const struct artifacts *a, const char *path, const struct result_file *old,
			const struct result_file *new, struct err *err)
{
	cleanup_free char *words = NULL;
	struct change *c;

	if (is_description(path) && !a->same_version)
		return 0;
	if (streq(old->sha256, new->sha256))
		return 0;
	if (names_version(path) && !a->same_version) {
		int r = same_but_version(a, old, new, err);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	c = diff_add(a->d, DIFF_ARTIFACTS, CHANGE_CHANGED, path, size_of(old), size_of(new));
	words = old->size == new->size ? xstrdup("other content")
				       : size_change(old->size, new->size);
	change_words(c, "%s", words);
	return 0;
}

/* What the report shows of a file: where it leads, or its size. */
static json_t *value_of(const struct result_file *f)
{
	return f->link ? json_text(f->link) : size_of(f);
}

static void compare_values(const struct artifacts *a, const char *path,
			   const struct result_file *old, const struct result_file *new)
{
	CLEANUP(json_cleanup) json_t *x = old ? value_of(old) : NULL;
	CLEANUP(json_cleanup) json_t *y = new ? value_of(new) : NULL;

	(void)diff_values(a->d, DIFF_ARTIFACTS, path, x, y);
}

static int compare(const struct artifacts *a, const char *path, const struct result_file *old,
		   const struct result_file *new, struct err *err)
{
	if (old && new && !old->link && !new->link)
		return compare_file(a, path, old, new, err);
	/* menu/current points at the version. */
	if (old && new &&streq(path, "tftp/menu/current") && !a->same_version)
		return 0;
	if ((old && new) || !is_description(path))
		compare_values(a, path, old, new);
	return 0;
}

int diff_artifacts(struct diff *d, const struct diff_input *old, const struct diff_input *new,
		   struct err *err)
{
	CLEANUP(json_cleanup) json_t *old_files = files_of(old);
	CLEANUP(json_cleanup) json_t *new_files = files_of(new);
	const struct artifacts a = {
		.d = d,
		.old = old,
		.new = new,
		.same_version = streq(string_of(old, "version"), string_of(new, "version")),
	};
	const char *path;
	json_t *index;
	int r;

	json_object_foreach(old_files, path, index)
	{
		r = compare(&a, path, find_file(old, old_files, path),
			    find_file(new, new_files, path), err);
		if (r < 0)
			return r;
	}
	json_object_foreach(new_files, path, index)
	{
		if (json_object_get(old_files, path))
			continue;
		r = compare(&a, path, NULL, find_file(new, new_files, path), err);
		if (r < 0)
			return r;
	}
	return 0;
}
