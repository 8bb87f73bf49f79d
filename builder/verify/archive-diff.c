/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/memory.h"
#include "verify/difference-parts.h"
#include "tar/members.h"

#define CONTENT_MAX ((uint64_t)512 << 20) /* of one file that is looked into */
#define TAKEN_MAX ((uint64_t)1 << 30)	  /* of all together */
#define CAUSE_OWNER "owners, modes or attributes"
#define CAUSE_COMPRESSOR "the same content, packed differently"

/* A path whose content differs. */
struct pair {
	const struct member *member[2];
	size_t difference; /* index in the list of differences */
	struct text content[2];
	bool taken[2];
};

/* An archive of the original and the same one of the rebuild. */
struct archives {
	struct comparison *c;
	const char *artifact, *prefix; /* of archive_diff() */
	bool is_initrd;
	struct members members[2];
	struct pair *pair; /* by path, as the members are */
	size_t count;
	size_t allocated;
	int side;	/* the one being read */
	uint64_t taken; /* bytes of content in memory */
};

static void archives_release(struct archives *both)
{
	for (size_t i = 0; i < both->count; i++) {
		text_release(&both->pair[i].content[0]);
		text_release(&both->pair[i].content[1]);
	}
	free(both->pair);
	members_release(&both->members[0]);
	members_release(&both->members[1]);
}

static struct difference *add(struct archives *both, const char *path, const char *what,
			      const char *cause)
{
	cleanup_free char *name = xasprintf("%s%s", both->prefix, *path ? path : "/");

	return differences_add(both->c->differences, both->artifact, name, what, cause);
}

/* ---- member by member ----------------------------------------------------------------------- */

static void add_time(struct text *t, int64_t seconds)
{
	const time_t when = (time_t)seconds;
	struct tm utc = { 0 };
	char date[32] = "";

	if (gmtime_r(&when, &utc))
		(void)strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S UTC", &utc);
	text_add(t, date);
}

static void compare_attributes(const struct member *a, const struct member *b, struct strv *what,
			       struct text *detail)
{
	if (a->type != b->type)
		strv_add(what, "type");
	if (a->mode != b->mode) {
		strv_add(what, "mode");
		text_printf(detail, "mode: %04o, rebuilt %04o\n", (unsigned)a->mode,
			    (unsigned)b->mode);
	}
	if (a->uid != b->uid || a->gid != b->gid) {
		strv_add(what, "owner");
		text_printf(detail, "owner: %ju:%ju, rebuilt %ju:%ju\n", (uintmax_t)a->uid,
			    (uintmax_t)a->gid, (uintmax_t)b->uid, (uintmax_t)b->gid);
	}
	if (a->mtime != b->mtime) {
		strv_add(what, "time stamp");
		text_add(detail, "time stamp: ");
		add_time(detail, a->mtime);
		text_add(detail, ", rebuilt ");
		add_time(detail, b->mtime);
		text_add(detail, "\n");
	}
	if (a->device != b->device)
		strv_add(what, "device number");
	if (!streq(a->target, b->target) || !streq(a->first, b->first)) {
		strv_add(what, "link");
		text_printf(detail, "link: %s, rebuilt %s\n",
			    a->target  ? a->target
			    : a->first ? a->first
				       : "none",
			    b->target  ? b->target
			    : b->first ? b->first
				       : "none");
	}
	if (!streq(a->xattrs, b->xattrs)) {
		strv_add(what, "attributes");
		text_printf(detail, "attributes: %s\nrebuilt: %s\n", a->xattrs ? a->xattrs : "none",
			    b->xattrs ? b->xattrs : "none");
	}
}

static void compare_member(struct archives *both, const struct member *a, const struct member *b)
{
	CLEANUP(strv_release) struct strv what = { 0 };
	CLEANUP(text_release) struct text detail = { 0 };
	/* Of hard links only the name that carries the content is reported. */
	bool content = !streq(a->sha256, b->sha256) && !(a->first && b->first);
	cleanup_free char *joined = NULL;
	struct difference *d;

	if (content)
		strv_add(&what, "content");
	compare_attributes(a, b, &what, &detail);
	if (what.count == 0)
		return;
	joined = strv_join(&what, ", ");
	d = add(both, a->path, joined,
		content				       ? NULL
		: streq(joined, "time stamp")	       ? CAUSE_TIME_STAMP
		: a->target && strv_has(&what, "link") ? NULL
						       : CAUSE_OWNER);
	free(d->detail);
	d->detail = text_take(&detail);
	if (!content || !*a->sha256 || !*b->sha256)
		return;
	GROW(both->pair, both->count, both->allocated);
	both->pair[both->count++] =
		(struct pair){ .member = { a, b }, .difference = both->c->differences->count - 1 };
}

static void compare_lists(struct archives *both)
{
	const struct members *a = &both->members[0], *b = &both->members[1];
	size_t i = 0, k = 0;

	while (i < a->count || k < b->count) {
		int order = i == a->count   ? 1
			    : k == b->count ? -1
					    : strcmp(a->item[i].path, b->item[k].path);

		if (order < 0)
			(void)add(both, a->item[i].path, "only in the original",
				  likely_cause_of_name(a->item[i].path));
		else if (order > 0)
			(void)add(both, b->item[k].path, "only in the rebuild",
				  likely_cause_of_name(b->item[k].path));
		else
			compare_member(both, &a->item[i], &b->item[k]);
		i += order <= 0;
		k += order >= 0;
	}
}

static bool same_places(const struct archives *both)
{
	for (size_t i = 0; i < both->members[0].count; i++)
		if (both->members[0].item[i].place != both->members[1].item[i].place)
			return false;
	return true;
}

/* ---- content -------------------------------------------------------------------------------- */

/* Members of equal path (an initrd may have them) are told apart by their place. */
static struct pair *find_pair(const struct archives *both, const struct member *m)
{
	for (size_t i = 0; i < both->count; i++) {
		const struct member *known = both->pair[i].member[both->side];

		if (known->place == m->place && streq(known->path, m->path))
			return &both->pair[i];
	}
	return NULL;
}

static bool wants(const struct member *m, void *data)
{
	const struct archives *both = data;

	return both->taken < TAKEN_MAX && find_pair(both, m) != NULL;
}

static int take(const struct member *m, const struct text *content, void *data, struct err *err)
{
	struct archives *both = data;
	struct pair *p = find_pair(both, m);

	(void)err;
	text_append(&p->content[both->side], content->data, content->length);
	p->taken[both->side] = true;
	both->taken += content->length;
	return 0;
}

static int read_side(struct archives *both, const int fd[2], int side,
		     const struct member_reader *reader, struct members *ret, struct err *err)
{
	if (lseek(fd[side], 0, SEEK_SET) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot go back to the beginning of '%s'",
				 both->artifact);
	both->side = side;
	return both->is_initrd ? members_read_initrd(fd[side], reader, ret, err)
			       : members_read(fd[side], reader, ret, err);
}

static bool is_archive(const char *path)
{
	const char *slash = strrchr(path, '/');

	return starts_with(slash ? slash + 1 : path, "initrd.img");
}

static int compare_inner(struct archives *both, struct pair *p, struct err *err)
{
	cleanup_free char *prefix = xasprintf("%s%s: ", both->prefix, p->member[0]->path);
	cleanup_fd int a = -1, b = -1;
	int r = memory_fd(p->content[0].data, p->content[0].length, &a, err);

	if (r < 0)
		return r;
	r = memory_fd(p->content[1].data, p->content[1].length, &b, err);
	if (r < 0)
		return r;
	return archive_diff(both->c, both->artifact, prefix, (const int[2]){ a, b }, true, err);
}

static int explain_pair(struct archives *both, struct pair *p, struct err *err)
{
	struct differences *list = both->c->differences;
	struct difference *d = &list->item[p->difference];
	size_t before = list->count;
	int r;

	/* The content was over a limit; that it differs is said all the same. */
	if (!p->taken[0] || !p->taken[1])
		return 0;
	text_append(&p->content[0], "", 0);
	text_append(&p->content[1], "", 0);
	if (!is_archive(p->member[0]->path))
		return content_diff(both->c, d, p->content, err);
	r = compare_inner(both, p, err);
	if (r < 0 || list->count == before)
		return r;
	/* What differs inside is the cause. The list may have moved as it grew. */
	d = &list->item[p->difference];
	free(d->cause);
	d->cause = xstrdup(list->item[before].cause);
	return 0;
}

/* Reads once more the members whose content differs, and says how it does. */
static int explain_contents(struct archives *both, const int fd[2], struct err *err)
{
	const struct member_reader reader = {
		.wants = wants, .take = take, .data = both, .limit = CONTENT_MAX
	};

	for (int side = 0; side < 2 && both->count > 0; side++) {
		CLEANUP(members_release) struct members again = { 0 };
		int r = read_side(both, fd, side, &reader, &again, err);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < both->count; i++) {
		int r = explain_pair(both, &both->pair[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int read_sides(struct archives *both, const int fd[2], struct err *err)
{
	const int inner = (int)strcspn(both->prefix, ":");

	for (int side = 0; side < 2; side++) {
		int r = read_side(both, fd, side, NULL, &both->members[side], err);

		if (r < 0 && inner > 0)
			return err_wrap(err, "reading '%.*s' in '%s'", inner, both->prefix,
					both->artifact);
		if (r < 0)
			return err_wrap(err, "reading '%s'", both->artifact);
	}
	return 0;
}

int archive_diff(struct comparison *c, const char *artifact, const char *prefix, const int fd[2],
		 bool is_initrd, struct err *err)
{
	CLEANUP(archives_release)
	struct archives both = {
		.c = c, .artifact = artifact, .prefix = prefix, .is_initrd = is_initrd
	};
	size_t before = c->differences->count;
	int r = read_sides(&both, fd, err);

	if (r < 0)
		return r;
	compare_lists(&both);
	if (c->differences->count == before)
		(void)differences_add(c->differences, artifact, *prefix ? prefix : NULL,
				      same_places(&both) ? "compression or padding"
							 : "order of members",
				      same_places(&both) ? CAUSE_COMPRESSOR : CAUSE_ORDER);
	return explain_contents(&both, fd, err);
}
