/* SPDX-License-Identifier: MIT */
#include "archive/gc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/lock.h"
#include "archive/stage-entries.h"
#include "archive/suite.h"
#include "base/io.h"
#include "base/memory.h"
#include "base/tree.h"

struct gc {
	struct store *store;
	struct strv keep; /* digests, sorted: is_kept() searches them */
	struct strv more; /* digests that facts lead to, until keep_more() adds them */
	int64_t now;
	bool dry_run;
	struct gc_report report;
};

static void gc_release(struct gc *gc)
{
	strv_release(&gc->keep);
	strv_release(&gc->more);
}

static int compare_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_kept(const struct gc *gc, const char *digest)
{
	return gc->keep.count > 0 && bsearch(&digest, gc->keep.item, gc->keep.count,
					     sizeof(*gc->keep.item), compare_text) != NULL;
}

static void keep_more(struct gc *gc)
{
	strv_add_all(&gc->keep, &gc->more);
	strv_release(&gc->more);
	strv_sort(&gc->keep);
	strv_unique(&gc->keep);
}

static void keep_digests_in(struct gc *gc, const char *text)
{
	CLEANUP(strv_release) struct strv word = { 0 };

	strv_split(&word, text, " \t\n");
	for (size_t i = 0; i < word.count; i++)
		if (digest_is_valid(word.item[i]))
			strv_add(&gc->more, word.item[i]);
}

static int keep_locks(struct gc *gc, const struct strv *locks, struct err *err)
{
	for (size_t i = 0; i < locks->count; i++) {
		CLEANUP(lock_release) struct lock lock = { 0 };
		int r = lock_read(locks->item[i], &lock, err);

		if (r < 0)
			return err_wrap(err, "nothing was removed");
		/* By this the store knows which results it has seen built. */
		strv_add(&gc->more, lock.digest);
		for (size_t k = 0; k < lock.packages.count; k++)
			strv_add(&gc->more, lock.packages.item[k].sha256);
	}
	return 0;
}

static int read_kept(int dirfd, const char *name, size_t limit, struct text *ret, struct err *err)
{
	cleanup_fd int fd = -1;
	int r = open_file(dirfd, name, O_NOFOLLOW, ERR_BUILD, &fd, err);

	return r < 0 ? r : read_fd(fd, name, limit, ret, err);
}

/* Keeps the Packages files that an InRelease file names. */
static int keep_index(struct gc *gc, const char *sha256, struct err *err)
{
	CLEANUP(text_release) struct text release = { 0 };
	cleanup_free char *directory = xasprintf("sha256/%.2s", sha256);
	cleanup_fd int fd = -1;
	int r = store_open_dir(gc->store, directory, &fd, err);

	if (r == -ENOENT || (r == 0 && faccessat(fd, sha256, R_OK, AT_SYMLINK_NOFOLLOW) < 0))
		return 0;
	if (r < 0)
		return r;
	r = read_kept(fd, sha256, INRELEASE_MAX, &release, err);
	if (r < 0)
		return r;
	keep_digests_in(gc, release.data);
	return 0;
}

/* The value of a fact, its first line: the other one is its tag. Who wrote it does not matter here,
 * because pruning for too little only costs room. */
static int read_value(const struct walk_entry *e, struct text *ret, struct err *err)
{
	int r = read_kept(e->dirfd, e->name, STORE_FACT_FILE_MAX, ret, err);

	if (r == 0)
		ret->data[strcspn(ret->data, "\n")] = '\0';
	return r;
}

/* Facts about indices are looked at before the others, because a fact about a Packages file stays
 * as long as that does. */
static int visit_index(const struct walk_entry *e, void *data, struct err *err)
{
	struct gc *gc = data;
	CLEANUP(text_release) struct text value = { 0 };
	CLEANUP(strv_release) struct strv word = { 0 };

	if (!S_ISREG(e->st->st_mode))
		return 0;
	int r = read_value(e, &value, err);
	if (r < 0)
		return r;
	keep_digests_in(gc, value.data);
	strv_split(&word, value.data, " \t\n");
	for (size_t i = 0; i < word.count; i++) {
		r = digest_is_valid(word.item[i]) ? keep_index(gc, word.item[i], err) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

static int remove_fact(const struct gc *gc, const struct walk_entry *e, int64_t age,
		       struct err *err)
{
	if (gc->dry_run || e->st->st_mtime > gc->now - age)
		return 0;
	if (unlinkat(e->dirfd, e->name, 0) < 0 && errno != ENOENT)
		return err_errno(err, ERR_BUILD, errno, "cannot remove '" STORE_FACTS "/%s'",
				 e->path);
	return 0;
}

static bool is_unused_stage(const struct gc *gc, const struct walk_entry *e)
{
	return starts_with(e->path, STAGE_ENTRY_FACT "/") &&
	       e->st->st_mtime <= gc->now - STAGE_ENTRY_SECONDS;
}

static int visit_fact(const struct walk_entry *e, void *data, struct err *err)
{
	struct gc *gc = data;
	CLEANUP(text_release) struct text value = { 0 };
	char digest[DIGEST_HEX] = "";

	if (!S_ISREG(e->st->st_mode))
		return 0;
	if (strlen(e->name) >= DIGEST_HEX - 1)
		memcpy(digest, e->name, DIGEST_HEX - 1);
	if (is_unused_stage(gc, e))
		return remove_fact(gc, e, STAGE_ENTRY_SECONDS, err);
	if (digest_is_valid(digest) && !is_kept(gc, digest))
		return remove_fact(gc, e, GC_GRACE_SECONDS, err);
	int r = read_value(e, &value, err);
	if (r < 0)
		return r;
	keep_digests_in(gc, value.data);
	return 0;
}

static int visit_blob(const struct walk_entry *e, void *data, struct err *err)
{
	struct gc *gc = data;
	uint64_t size = (uint64_t)e->st->st_size;

	if (!S_ISREG(e->st->st_mode))
		return 0;
	if (is_kept(gc, e->name) || e->st->st_mtime > gc->now - GC_GRACE_SECONDS) {
		gc->report.kept++;
		gc->report.kept_bytes += size;
		return 0;
	}
	if (!gc->dry_run && unlinkat(e->dirfd, e->name, 0) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot remove 'sha256/%s'", e->path);
	gc->report.removed++;
	gc->report.removed_bytes += size;
	return 0;
}

static int remove_older(const struct gc *gc, const struct walk_entry *e, const char *part,
			int64_t age, struct err *err)
{
	if (!S_ISREG(e->st->st_mode) || gc->dry_run || e->st->st_mtime > gc->now - age)
		return 0;
	if (unlinkat(e->dirfd, e->name, 0) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot remove '%s/%s'", part, e->path);
	return 0;
}

static int visit_log(const struct walk_entry *e, void *data, struct err *err)
{
	return remove_older(data, e, "log", 30 * GC_GRACE_SECONDS, err);
}

/* Until facts had tags, there was another directory for them. */
static int visit_untagged(const struct walk_entry *e, void *data, struct err *err)
{
	return remove_older(data, e, "fact", GC_GRACE_SECONDS, err);
}

static int walk_part(struct gc *gc, const char *part, walk_fn fn, struct err *err)
{
	cleanup_fd int fd = -1;
	int r = store_open_dir(gc->store, part, &fd, err);

	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : walk_tree(fd, fn, gc, err);
}

int store_gc(struct store *s, const struct strv *locks, int64_t now, bool dry_run,
	     struct gc_report *ret, struct err *err)
{
	CLEANUP(gc_release) struct gc gc = { .store = s, .now = now, .dry_run = dry_run };
	int r = keep_locks(&gc, locks, err);

	if (r < 0)
		return r;
	r = walk_part(&gc, STORE_FACTS "/" SUITE_FACT_INDEX, visit_index, err);
	if (r < 0)
		return r;
	keep_more(&gc);
	r = walk_part(&gc, STORE_FACTS, visit_fact, err);
	if (r < 0)
		return r;
	keep_more(&gc);
	r = walk_part(&gc, "sha256", visit_blob, err);
	if (r < 0)
		return r;
	r = walk_part(&gc, "fact", visit_untagged, err);
	if (r < 0)
		return r;
	r = walk_part(&gc, "log", visit_log, err);
	if (r < 0)
		return r;
	*ret = gc.report;
	return 0;
}

/* In a dry run those that store_gc() would have removed are still there. */
static size_t count_unused(const struct stage_entries *entries, int64_t now)
{
	size_t count = 0;

	while (count < entries->count &&
	       entries->item[count].used / 1000000000 <= now - STAGE_ENTRY_SECONDS)
		count++;
	return count;
}

int store_gc_shrink(struct store *s, uint64_t most, int64_t now, bool dry_run,
		    struct gc_report *report, struct err *err)
{
	CLEANUP(stage_entries_release) struct stage_entries entries = { 0 };
	uint64_t files = 0, bytes = 0;
	int r = stage_entries_list(s, &entries, err);

	if (r == 0)
		r = stage_entries_remove(s, &entries, count_unused(&entries, now), dry_run, &files,
					 &bytes, err);
	while (r == 0 && entries.count > 0 && report->kept_bytes > most) {
		files = bytes = 0;
		r = stage_entries_remove(s, &entries, 1, dry_run, &files, &bytes, err);
		report->removed += files;
		report->removed_bytes += bytes;
		report->kept -= files;
		report->kept_bytes -= bytes;
	}
	return r;
}
