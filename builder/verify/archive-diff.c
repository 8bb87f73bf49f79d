/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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
	size_t difference; /* index */
	struct text content[2];
	bool taken[2];
};

struct inside {
	struct comparison *c;
	const char *artifact, *prefix;
	bool is_initrd;
	struct members members[2];
	struct pair *pair; /* by path, as the members are */
	size_t count;
	size_t allocated;
	int side;	/* being read */
	uint64_t taken; /* bytes of content in memory */
};

static void inside_release(struct inside *in)
{
	for (size_t i = 0; i < in->count; i++) {
		text_release(&in->pair[i].content[0]);
		text_release(&in->pair[i].content[1]);
	}
	free(in->pair);
	members_release(&in->members[0]);
	members_release(&in->members[1]);
}

static struct difference *add(struct inside *in, const char *path, const char *what,
			      const char *cause)
{
	cleanup_free char *name = xasprintf("%s%s", in->prefix, *path ? path : "/");

	return difference_add(in->c, in->artifact, name, what, cause);
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

static void compare_member(struct inside *in, const struct member *a, const struct member *b)
{
	CLEANUP(strv_release) struct strv what = { 0 };
	CLEANUP(text_release) struct text detail = { 0 };
	/* The file that carries the content says it for all its names. */
	bool content = !streq(a->sha256, b->sha256) && !(a->first && b->first);
	cleanup_free char *joined = NULL;
	struct difference *f;

	if (content)
		strv_add(&what, "content");
	compare_attributes(a, b, &what, &detail);
	if (what.count == 0)
		return;
	joined = strv_join(&what, ", ");
	f = add(in, a->path, joined,
		content				       ? NULL
		: streq(joined, "time stamp")	       ? CAUSE_TIME_STAMP
		: a->target && strv_has(&what, "link") ? NULL
						       : CAUSE_OWNER);
	free(f->detail);
	f->detail = text_take(&detail);
	if (!content || !*a->sha256 || !*b->sha256)
		return;
	GROW(in->pair, in->count, in->allocated);
	in->pair[in->count++] =
		(struct pair){ .member = { a, b }, .difference = in->c->differences->count - 1 };
}

static void compare_lists(struct inside *in)
{
	const struct members *a = &in->members[0], *b = &in->members[1];
	size_t i = 0, k = 0;

	while (i < a->count || k < b->count) {
		int order = i == a->count   ? 1
			    : k == b->count ? -1
					    : strcmp(a->item[i].path, b->item[k].path);

		if (order < 0)
			(void)add(in, a->item[i].path, "only in the original",
				  likely_cause_of_name(a->item[i].path));
		else if (order > 0)
			(void)add(in, b->item[k].path, "only in the rebuild",
				  likely_cause_of_name(b->item[k].path));
		else
			compare_member(in, &a->item[i], &b->item[k]);
		i += order <= 0;
		k += order >= 0;
	}
}

static bool same_places(const struct inside *in)
{
	for (size_t i = 0; i < in->members[0].count; i++)
		if (in->members[0].item[i].place != in->members[1].item[i].place)
			return false;
	return true;
}

/* ---- content -------------------------------------------------------------------------------- */

/* Members of equal path (an initrd may have them) are told apart by their place. */
static struct pair *find_pair(const struct inside *in, const struct member *m)
{
	for (size_t i = 0; i < in->count; i++) {
		const struct member *known = in->pair[i].member[in->side];

		if (known->place == m->place && streq(known->path, m->path))
			return &in->pair[i];
	}
	return NULL;
}

static bool wants(const struct member *m, void *data)
{
	const struct inside *in = data;

	return in->taken < TAKEN_MAX && find_pair(in, m) != NULL;
}

static int take(const struct member *m, const struct text *content, void *data, struct err *err)
{
	struct inside *in = data;
	struct pair *p = find_pair(in, m);

	(void)err;
	text_append(&p->content[in->side], content->data, content->length);
	p->taken[in->side] = true;
	in->taken += content->length;
	return 0;
}

static int read_side(struct inside *in, const int fd[2], int side,
		     const struct member_reader *reader, struct members *ret, struct err *err)
{
	if (lseek(fd[side], 0, SEEK_SET) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot read it again");
	in->side = side;
	return in->is_initrd ? members_read_initrd(fd[side], reader, ret, err)
			     : members_read(fd[side], reader, ret, err);
}

static bool is_archive(const char *path)
{
	const char *slash = strrchr(path, '/');

	return starts_with(slash ? slash + 1 : path, "initrd.img");
}

static int look_into(struct inside *in, struct pair *p, struct err *err)
{
	cleanup_free char *prefix = xasprintf("%s%s: ", in->prefix, p->member[0]->path);
	cleanup_fd int a = memfd_create("original", MFD_CLOEXEC);
	cleanup_fd int b = memfd_create("rebuilt", MFD_CLOEXEC);
	int r = a < 0 || b < 0 ? -errno : write_all(a, p->content[0].data, p->content[0].length);

	if (r >= 0)
		r = write_all(b, p->content[1].data, p->content[1].length);
	if (r < 0)
		return err_errno(err, ERR_BUILD, -r, "cannot keep '%s' in memory",
				 p->member[0]->path);
	return archive_diff(in->c, in->artifact, prefix, (const int[2]){ a, b }, true, err);
}

static int explain_pair(struct inside *in, struct pair *p, struct err *err)
{
	struct difference *f = &in->c->differences->item[p->difference];
	size_t before = in->c->differences->count;
	int r;

	/* Over a limit; that the content differs is said all the same. */
	if (!p->taken[0] || !p->taken[1])
		return 0;
	text_append(&p->content[0], "", 0);
	text_append(&p->content[1], "", 0);
	if (!is_archive(p->member[0]->path))
		return content_diff(in->c, f, p->content, err);
	r = look_into(in, p, err);
	/* What is inside says why; the array may have moved. */
	if (r >= 0 && in->c->differences->count > before) {
		struct difference *inner = &in->c->differences->item[before];

		f = &in->c->differences->item[p->difference];
		free(f->cause);
		f->cause = xstrdup(inner->cause);
	}
	return r;
}

int archive_diff(struct comparison *c, const char *artifact, const char *prefix, const int fd[2],
		 bool is_initrd, struct err *err)
{
	CLEANUP(inside_release)
	struct inside in = {
		.c = c, .artifact = artifact, .prefix = prefix, .is_initrd = is_initrd
	};
	const struct member_reader reader = {
		.wants = wants, .take = take, .data = &in, .limit = CONTENT_MAX
	};
	size_t before = c->differences->count;
	int r = 0;

	for (int side = 0; side < 2 && r >= 0; side++)
		r = read_side(&in, fd, side, NULL, &in.members[side], err);
	if (r < 0)
		return err_wrap(err, "reading '%s%s'", prefix, artifact);
	compare_lists(&in);
	if (c->differences->count == before)
		(void)difference_add(c, artifact, *prefix ? prefix : NULL,
				     same_places(&in) ? "compression or padding"
						      : "order of members",
				     same_places(&in) ? CAUSE_COMPRESSOR : CAUSE_ORDER);
	for (int side = 0; side < 2 && r >= 0 && in.count > 0; side++) {
		CLEANUP(members_release) struct members again = { 0 };

		r = read_side(&in, fd, side, &reader, &again, err);
	}
	for (size_t i = 0; i < in.count && r >= 0; i++)
		r = explain_pair(&in, &in.pair[i], err);
	return r;
}
