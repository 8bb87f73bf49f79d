/* SPDX-License-Identifier: MIT */
#include "verify/difference.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/io.h"
#include "base/memory.h"
#include "verify/difference-parts.h"
#include "publish/result-files.h"

#define ARTIFACT_MAX ((uint64_t)512 << 20) /* of one that is read as a whole */
#define INDENT "      "

struct difference *difference_add(struct comparison *c, const char *artifact, const char *member,
				  const char *what, const char *cause)
{
	struct differences *f = c->differences;

	GROW(f->item, f->count, f->allocated);
	f->item[f->count] = (struct difference){
		.artifact = xstrdup(artifact),
		.member = member ? xstrdup(member) : NULL,
		.what = xstrdup(what),
		.cause = xstrdup(cause ? cause : CAUSE_UNKNOWN),
		.detail = xstrdup(""),
	};
	return &f->item[f->count++];
}

void differences_release(struct differences *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->item[i].artifact);
		free(f->item[i].member);
		free(f->item[i].what);
		free(f->item[i].cause);
		free(f->item[i].detail);
	}
	free(f->item);
	*f = (struct differences){ 0 };
}

/* What lists the digests of other files differs whenever they do. */
static bool is_consequence(const char *path)
{
	return streq(path, "SHA256SUMS") || streq(path, "manifest.json") ||
	       starts_with(path, "sbom.");
}

static int compare_content(struct comparison *c, const struct result_file *f, const int fd[2],
			   const uint64_t size[2], struct err *err)
{
	struct difference *new = difference_add(c, f->path, NULL, "content", NULL);
	CLEANUP(text_release) struct text a = { 0 };
	CLEANUP(text_release) struct text b = { 0 };
	int r;

	if (size[0] > ARTIFACT_MAX || size[1] > ARTIFACT_MAX)
		return 0;
	a.data = xmalloc(size[0] + 1);
	b.data = xmalloc(size[1] + 1);
	a.length = size[0];
	b.length = size[1];
	a.data[size[0]] = b.data[size[1]] = '\0';
	if (read_all(fd[0], a.data, a.length) != (ssize_t)a.length ||
	    read_all(fd[1], b.data, b.length) != (ssize_t)b.length)
		return err_set(err, ERR_BUILD, "cannot read '%s'", f->path);
	r = content_diff(c, new, (const struct text[2]){ a, b }, err);
	return r;
}

/* What cannot be looked into differs all the same, and so may others. */
static int look_inside(struct comparison *c, const char *path, const int fd[2], bool is_initrd,
		       struct err *err)
{
	CLEANUP(err_release) struct err why = { 0 };
	struct difference *f;
	int r = archive_diff(c, path, "", fd, is_initrd, &why);

	if (r >= 0)
		return r;
	if (why.class == ERR_INTERRUPTED) {
		*err = why;
		why = (struct err){ 0 };
		return r;
	}
	f = difference_add(c, path, NULL, "content", NULL);
	free(f->detail);
	f->detail = xasprintf("it cannot be looked into: %s\n", why.message);
	return 0;
}

static int compare_artifact(struct comparison *c, const int dir[2], const struct result_file *a,
			    const struct result_file *b, struct err *err)
{
	const uint64_t size[2] = { a->size, b->size };
	const char *slash = strrchr(a->path, '/');
	cleanup_fd int old = -1, new = -1;

	if (a->link || b->link) {
		struct difference *f = difference_add(c, a->path, NULL, "link", NULL);

		free(f->detail);
		f->detail = xasprintf("link: %s, rebuilt %s\n", a->link ? a->link : "none",
				      b->link ? b->link : "none");
		return 0;
	}
	old = openat(dir[0], a->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	new = openat(dir[1], a->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (old < 0 || new < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot open '%s'", a->path);
	const int fd[2] = { old, new };
	if (ends_with(a->path, ".tar.zst"))
		return look_inside(c, a->path, fd, false, err);
	if (streq(slash ? slash + 1 : a->path, "initrd.img"))
		return look_inside(c, a->path, fd, true, err);
	return compare_content(c, a, fd, size, err);
}

static bool is_equal(const struct result_file *a, const struct result_file *b)
{
	return streq(a->link, b->link) && a->size == b->size && streq(a->sha256, b->sha256);
}

/* Both lists are sorted. One pass for what differs by itself, one for what follows. */
static int compare_lists(struct comparison *c, const int dir[2], const struct result_files *old,
			 const struct result_files *new, bool consequences, struct err *err)
{
	size_t i = 0, k = 0;
	int r = 0;

	while ((i < old->count || k < new->count) && r >= 0) {
		int order = i == old->count   ? 1
			    : k == new->count ? -1
					      : strcmp(old->item[i].path, new->item[k].path);
		const char *path = order > 0 ? new->item[k].path : old->item[i].path;

		r = interrupt_check(err);
		if (r < 0 || is_consequence(path) != consequences)
			;
		else if (order < 0)
			(void)difference_add(c, path, NULL, "only in the original", NULL);
		else if (order > 0)
			(void)difference_add(c, path, NULL, "only in the rebuild", NULL);
		else if (!is_equal(&old->item[i], &new->item[k]))
			r = compare_artifact(c, dir, &old->item[i], &new->item[k], err);
		i += order <= 0;
		k += order >= 0;
	}
	return r;
}

int differences_compare(int old_fd, int new_fd, const struct variations *variations,
			struct differences *ret, struct err *err)
{
	CLEANUP(result_files_release) struct result_files old = { 0 };
	CLEANUP(result_files_release) struct result_files new = { 0 };
	struct comparison c = { .variations = variations, .differences = ret };
	const int dir[2] = { old_fd, new_fd };
	size_t before;
	int r = result_files_read(old_fd, &old, err);

	if (r >= 0)
		r = result_files_read(new_fd, &new, err);
	if (r >= 0)
		r = compare_lists(&c, dir, &old, &new, false, err);
	before = ret->count;
	if (r >= 0)
		r = compare_lists(&c, dir, &old, &new, true, err);
	if (r < 0)
		return r;
	for (size_t i = before; i < ret->count && before > 0; i++)
		ret->item[i].follows = true;
	ret->files = old.count;
	for (size_t i = 0; i < old.count; i++)
		ret->bytes += old.item[i].size;
	return 0;
}

/* ---- as text -------------------------------------------------------------------------------- */

static void add_indented(struct text *t, const char *lines)
{
	while (*lines) {
		size_t n = strcspn(lines, "\n");
		cleanup_free char *line = xstrndup(lines, n);

		text_add(t, INDENT);
		text_add_escaped(t, line);
		text_add(t, "\n");
		lines += n + (lines[n] == '\n');
	}
}

static void add_finding(struct text *t, const struct difference *f)
{
	text_add(t, "  ");
	text_add_escaped(t, f->artifact);
	if (f->member) {
		text_add(t, ": ");
		text_add_escaped(t, f->member);
	}
	text_printf(t, ": %s\n", f->what);
	add_indented(t, f->detail);
}

static bool was_before(const struct differences *f, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!f->item[k].follows && streq(f->item[k].cause, f->item[i].cause))
			return true;
	return false;
}

static void add_group(const struct differences *f, size_t first, struct text *t)
{
	size_t count = 0;

	for (size_t i = first; i < f->count; i++)
		count += !f->item[i].follows && streq(f->item[i].cause, f->item[first].cause);
	text_printf(t, "\n%s (%zu):\n", f->item[first].cause, count);
	for (size_t i = first; i < f->count; i++)
		if (!f->item[i].follows && streq(f->item[i].cause, f->item[first].cause))
			add_finding(t, &f->item[i]);
}

void differences_text(const struct differences *f, struct text *ret)
{
	CLEANUP(strv_release) struct strv following = { 0 };
	cleanup_free char *joined = NULL;

	for (size_t i = 0; i < f->count; i++) {
		if (f->item[i].follows)
			strv_add(&following, f->item[i].artifact);
		else if (!was_before(f, i))
			add_group(f, i, ret);
	}
	if (following.count == 0)
		return;
	joined = strv_join(&following, ", ");
	text_printf(ret, "\nlists of digests, which differ with them: %s\n", joined);
}
