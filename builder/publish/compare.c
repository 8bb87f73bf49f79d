/* SPDX-License-Identifier: MIT */
#include "publish/compare.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/memory.h"
#include "publish/result.h"

#define SUMS "SHA256SUMS"
#define SUMS_MAX (1 << 20)
#define HOW_MISSING "is missing"

static bool is_consequence(const char *path)
{
	return streq(path, SUMS) || streq(path, "manifest.json");
}

static bool is_equal(const struct result_file *a, const struct result_file *b)
{
	return streq(a->link, b->link) && a->size == b->size && streq(a->sha256, b->sha256);
}

static void note(struct difference *d, const char *path, const char *how)
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
		  struct difference *d)
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
static int check_damage(int old_fd, const struct result_files *old, struct difference *d,
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

int result_compare(int old_fd, int new_fd, struct difference *ret, struct err *err)
{
	CLEANUP(result_files_release) struct result_files old = { 0 };
	CLEANUP(result_files_release) struct result_files new = { 0 };
	CLEANUP(difference_release) struct difference d = { 0 };
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
	d = (struct difference){ 0 };
	return 0;
}

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
	if (line.count == 0)
		*ret = xstrdup(SUMS);
	else if (result_files_read(dir_fd, &files, err) < 0)
		return -EIO;
	for (size_t i = 0; i < line.count && !*ret; i++) {
		if (strlen(line.item[i]) < DIGEST_HEX + 2)
			*ret = xstrdup(SUMS);
		else if (!is_as_listed(&files, line.item[i]))
			*ret = xstrdup(line.item[i] + DIGEST_HEX - 1 + strlen("  "));
	}
	return 0;
}

void difference_release(struct difference *d)
{
	free(d->path);
	*d = (struct difference){ 0 };
}
