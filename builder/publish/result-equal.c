/* SPDX-License-Identifier: MIT */
#include "publish/result-equal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/json.h"
#include "publish/result-files.h"

#define SUMS "SHA256SUMS"
#define SUMS_MAX (1 << 20)
#define MANIFEST "manifest.json"
#define MANIFEST_MAX ((size_t)64 << 20)
#define HOW_MISSING "is missing"

static bool is_consequence(const char *path)
{
	return streq(path, SUMS) || streq(path, MANIFEST);
}

static bool is_equal(const struct result_file *a, const struct result_file *b)
{
	return streq(a->link, b->link) && a->size == b->size && streq(a->sha256, b->sha256);
}

static void note(struct mismatch *d, const char *path, const char *how)
{
	bool later = d->path && (!is_consequence(d->path) || is_consequence(path));

	if (later)
		return;
	free(d->path);
	d->path = xstrdup(path);
	d->how = how;
}

/* Both lists are sorted by path. */
static void merge(const struct result_files *old, const struct result_files *new,
		  struct mismatch *d)
{
	size_t i = 0, k = 0;

	while (i < old->count || k < new->count) {
		int order = i == old->count   ? 1
			    : k == new->count ? -1
					      : strcmp(old->item[i].path, new->item[k].path);

		if (order == 0 && !is_equal(&old->item[i], &new->item[k]))
			note(d, old->item[i].path, "differs");
		else if (order < 0)
			note(d, old->item[i].path, "is only");
		else if (order > 0)
			note(d, new->item[k].path, HOW_MISSING);
		i += order <= 0;
		k += order >= 0;
	}
}

/* A file that its own checksum list disowns says nothing about reproducibility. */
static int check_damage(int old_fd, const struct result_files *old, struct mismatch *d,
			struct err *err)
{
	CLEANUP(text_release) struct text sums = { 0 };
	struct stat st;

	if (fstatat(old_fd, SUMS, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT) {
		d->damaged = true;
		return 0;
	}
	if (read_file(old_fd, SUMS, SUMS_MAX, &sums, err) < 0)
		return err_wrap(err, "reading the old " SUMS);
	for (size_t i = 0; i < old->count; i++) {
		const struct result_file *f = &old->item[i];
		cleanup_free char *line = xasprintf("%s  %s\n", f->sha256, f->path);

		if (f->link || streq(f->path, SUMS) || strstr(sums.data, line))
			continue;
		free(d->path);
		d->path = xstrdup(f->path);
		d->damaged = true;
		return 0;
	}
	if (streq(d->how, HOW_MISSING)) {
		cleanup_free char *end = xasprintf("  %s\n", d->path);

		d->damaged = strstr(sums.data, end) != NULL;
	}
	return 0;
}

int result_mismatch(int old_fd, int new_fd, struct mismatch *ret, struct err *err)
{
	CLEANUP(result_files_release) struct result_files old = { 0 };
	CLEANUP(result_files_release) struct result_files new = { 0 };
	CLEANUP(mismatch_release) struct mismatch d = { 0 };
	int r = result_files_read(old_fd, &old, err);

	if (r >= 0)
		r = result_files_read(new_fd, &new, err);
	if (r < 0)
		return r;
	merge(&old, &new, &d);
	r = d.path ? check_damage(old_fd, &old, &d, err) : 0;
	if (r < 0)
		return r;
	*ret = d;
	d = (struct mismatch){ 0 };
	return 0;
}

/* ---- one result, against its own lists ------------------------------------------------------- */

/* "DIGEST  PATH" */
static bool is_as_listed(const struct result_files *files, const char *line)
{
	for (size_t i = 0; i < files->count; i++) {
		const struct result_file *f = &files->item[i];

		if (!f->link && starts_with(line, f->sha256) &&
		    streq(line + DIGEST_HEX - 1 + strlen("  "), f->path))
			return true;
	}
	return false;
}

static bool is_listed(const struct strv *lines, const char *path)
{
	for (size_t i = 0; i < lines->count; i++)
		if (streq(lines->item[i] + DIGEST_HEX - 1 + strlen("  "), path))
			return true;
	return streq(path, SUMS);
}

static char *find_changed(const struct result_files *files, const struct strv *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		if (strlen(lines->item[i]) < DIGEST_HEX + 2)
			return xstrdup(SUMS);
	for (size_t i = 0; i < lines->count; i++)
		if (!is_as_listed(files, lines->item[i]))
			return xstrdup(lines->item[i] + DIGEST_HEX - 1 + strlen("  "));
	for (size_t i = 0; i < files->count; i++)
		if (!files->item[i].link && !is_listed(lines, files->item[i].path))
			return xstrdup(files->item[i].path);
	return NULL;
}

/* Where the manifest says that path leads; NULL: no link. */
static const char *link_of(const json_t *manifest, const char *path)
{
	const json_t *f;
	size_t i;

	json_array_foreach(json_object_get(manifest, "files"), i, f)
	{
		const char *p = json_string_value(json_object_get(f, "path"));

		if (p && streq(p, path))
			return json_string_value(json_object_get(f, "link"));
	}
	return NULL;
}

static bool has_link(const struct result_files *files, const char *path)
{
	for (size_t i = 0; i < files->count; i++)
		if (files->item[i].link && streq(files->item[i].path, path))
			return true;
	return false;
}

/* SHA256SUMS has no links; the manifest, which it covers, has. */
static char *find_changed_link(int dir_fd, const struct result_files *files, struct err *err)
{
	CLEANUP(text_release) struct text t = { 0 };
	CLEANUP(json_cleanup) json_t *manifest = NULL;
	const json_t *f;
	size_t i;

	if (read_file(dir_fd, MANIFEST, MANIFEST_MAX, &t, err) < 0)
		return NULL;
	manifest = json_loadb(t.data, t.length, 0, NULL);
	for (i = 0; i < files->count; i++)
		if (files->item[i].link &&
		    !streq(files->item[i].link, link_of(manifest, files->item[i].path)))
			return xstrdup(files->item[i].path);
	json_array_foreach(json_object_get(manifest, "files"), i, f)
	{
		const char *path = json_string_value(json_object_get(f, "path"));

		if (path && json_object_get(f, "link") && !has_link(files, path))
			return xstrdup(path);
	}
	return NULL;
}

int result_damage(int dir_fd, char **ret, struct err *err)
{
	CLEANUP(result_files_release) struct result_files files = { 0 };
	CLEANUP(text_release) struct text sums = { 0 };
	CLEANUP(strv_release) struct strv line = { 0 };
	struct stat st;

	*ret = NULL;
	if (fstatat(dir_fd, SUMS, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (read_file(dir_fd, SUMS, SUMS_MAX, &sums, err) < 0)
			return err_wrap(err, "reading " SUMS);
		strv_split(&line, sums.data, "\n");
	}
	if (line.count == 0) {
		*ret = xstrdup(SUMS);
		return 0;
	}
	if (result_files_read(dir_fd, &files, err) < 0)
		return -EIO;
	*ret = find_changed(&files, &line);
	if (!*ret && is_listed(&line, MANIFEST))
		*ret = find_changed_link(dir_fd, &files, err);
	return err->class == ERR_NONE ? 0 : -EIO;
}

void mismatch_release(struct mismatch *d)
{
	free(d->path);
	*d = (struct mismatch){ 0 };
}
