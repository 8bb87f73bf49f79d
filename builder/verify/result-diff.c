/* SPDX-License-Identifier: MIT */
#include "verify/result-diff.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/io.h"
#include "base/memory.h"
#include "publish/file-makers.h"
#include "publish/result-files.h"
#include "verify/difference-parts.h"

#define ARTIFACT_MAX ((uint64_t)512 << 20) /* of one that is read as a whole */

/* What lists the digests of other files differs whenever they do. */
static bool is_consequence(const char *path)
{
	return streq(path, "SHA256SUMS") || streq(path, "manifest.json") ||
	       starts_with(path, "sbom.");
}

static int compare_content(struct comparison *c, const struct result_file *file, const int fd[2],
			   const uint64_t size[2], struct err *err)
{
	struct difference *d = differences_add(c->differences, file->path, NULL, "content", NULL);
	CLEANUP(text_release) struct text a = { 0 };
	CLEANUP(text_release) struct text b = { 0 };

	if (size[0] > ARTIFACT_MAX || size[1] > ARTIFACT_MAX)
		return 0;
	a.data = xmalloc(size[0] + 1);
	b.data = xmalloc(size[1] + 1);
	a.length = size[0];
	b.length = size[1];
	a.data[size[0]] = b.data[size[1]] = '\0';
	if (read_all(fd[0], a.data, a.length) != (ssize_t)a.length ||
	    read_all(fd[1], b.data, b.length) != (ssize_t)b.length)
		return err_set(err, ERR_BUILD, "cannot read '%s' to its end", file->path);
	return content_diff(c, d, (const struct text[2]){ a, b }, err);
}

/* An archive that cannot be read differs all the same, and so may the files after it. */
static int compare_archives(struct comparison *c, const char *path, const int fd[2], bool is_initrd,
			    struct err *err)
{
	CLEANUP(err_release) struct err why = { 0 };
	struct difference *d;
	int r = archive_diff(c, path, "", fd, is_initrd, &why);

	if (r >= 0)
		return r;
	if (why.class == ERR_INTERRUPTED)
		return err_move(err, &why);
	d = differences_add(c->differences, path, NULL, "content", NULL);
	free(d->detail);
	d->detail = xasprintf("it cannot be looked into: %s\n", why.message);
	return 0;
}

static int compare_file(struct comparison *c, const int dir[2], const struct result_file *a,
			const struct result_file *b, struct err *err)
{
	const uint64_t size[2] = { a->size, b->size };
	const char *slash = strrchr(a->path, '/');
	cleanup_fd int old = -1, new = -1;

	if (a->link || b->link) {
		struct difference *d = differences_add(c->differences, a->path, NULL, "link", NULL);

		free(d->detail);
		d->detail = xasprintf("link: %s, rebuilt %s\n", a->link ? a->link : "none",
				      b->link ? b->link : "none");
		return 0;
	}
	int r = open_file(dir[0], a->path, O_NOFOLLOW, ERR_BUILD, &old, err);
	if (r == 0)
		r = open_file(dir[1], a->path, O_NOFOLLOW, ERR_BUILD, &new, err);
	if (r < 0)
		return r;
	const int fd[2] = { old, new };
	if (ends_with(a->path, ".tar.zst"))
		return compare_archives(c, a->path, fd, false, err);
	if (streq(slash ? slash + 1 : a->path, "initrd.img"))
		return compare_archives(c, a->path, fd, true, err);
	return compare_content(c, a, fd, size, err);
}

static bool is_equal(const struct result_file *a, const struct result_file *b)
{
	return streq(a->link, b->link) && a->size == b->size && streq(a->sha256, b->sha256);
}

/* a or b is NULL where only the other side has the file. */
static int compare_files(struct comparison *c, const int dir[2], const struct result_file *a,
			 const struct result_file *b, struct err *err)
{
	if (!b)
		(void)differences_add(c->differences, a->path, NULL, "only in the original", NULL);
	else if (!a)
		(void)differences_add(c->differences, b->path, NULL, "only in the rebuild", NULL);
	else if (!is_equal(a, b))
		return compare_file(c, dir, a, b, err);
	return 0;
}

/* Both lists are sorted. consequences: compare only the files that list digests, or only the
 * others. */
static int compare_lists(struct comparison *c, const int dir[2], const struct result_files *old,
			 const struct result_files *new, bool consequences, struct err *err)
{
	size_t i = 0, k = 0;

	while (i < old->count || k < new->count) {
		int order = i == old->count   ? 1
			    : k == new->count ? -1
					      : strcmp(old->item[i].path, new->item[k].path);
		const struct result_file *a = order <= 0 ? &old->item[i++] : NULL;
		const struct result_file *b = order >= 0 ? &new->item[k++] : NULL;
		int r = interrupt_check(err);

		if (r < 0)
			return r;
		if (is_consequence(a ? a->path : b->path) != consequences)
			continue;
		r = compare_files(c, dir, a, b, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static void name_makers(int dir_fd, struct differences *list)
{
	CLEANUP(file_makers_release) struct file_makers makers = { 0 };

	file_makers_read(dir_fd, &makers);
	for (size_t i = 0; i < list->count; i++) {
		struct difference *d = &list->item[i];
		const struct file_maker *maker = d->member && streq(d->artifact, RESULT_ROOTFS)
							 ? file_makers_find(&makers, d->member)
							 : NULL;

		if (maker)
			d->maker = xstrdup(maker->text);
	}
}

int result_diff(int old_fd, int new_fd, const struct variations *variations,
		struct differences *ret, struct err *err)
{
	CLEANUP(result_files_release) struct result_files old = { 0 };
	CLEANUP(result_files_release) struct result_files new = { 0 };
	struct comparison c = { .variations = variations, .differences = ret };
	const int dir[2] = { old_fd, new_fd };
	size_t before;
	int r = result_files_read(old_fd, &old, err);

	if (r < 0)
		return r;
	r = result_files_read(new_fd, &new, err);
	if (r < 0)
		return r;
	r = compare_lists(&c, dir, &old, &new, false, err);
	if (r < 0)
		return r;
	before = ret->count;
	r = compare_lists(&c, dir, &old, &new, true, err);
	if (r < 0)
		return r;
	/* A list that alone differs follows from nothing. */
	for (size_t i = before; i < ret->count && before > 0; i++)
		ret->item[i].follows = true;
	name_makers(old_fd, ret);
	ret->files = old.count;
	for (size_t i = 0; i < old.count; i++)
		ret->bytes += old.item[i].size;
	return 0;
}
