/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/interrupt.h"
#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/tree.h"
#include "publish/result-built.h"
#include "publish/result-damage.h"
#include "publish/result-equal.h"
#include "publish/result-files.h"
#include "publish/result-place.h"
#include "publish/tree-mismatch.h"

#define SUMS "SHA256SUMS"
#define PROVENANCE "provenance.json"
#define LATEST "latest"
#define LATEST_TEMPORARY ".latest-new"
#define LINES_MAX 20 /* files that a message names */

int result_add_sums(struct result *res, struct err *err)
{
	CLEANUP(result_files_release) struct result_files files = { 0 };
	CLEANUP(text_release) struct text t = { 0 };
	int r = result_files_read(res->dir_fd, &files, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < files.count; i++)
		if (!files.item[i].link)
			text_printf(&t, "%s  %s\n", files.item[i].sha256, files.item[i].path);
	return result_write(res, SUMS, t.data, t.length, err);
}

static int finish_fd(int fd, const char *path, mode_t mode, int64_t epoch, bool sync,
		     struct err *err)
{
	struct timespec times[2] = { { .tv_sec = epoch }, { .tv_sec = epoch } };

	if (fchmod(fd, mode) < 0 || futimens(fd, times) < 0 || (sync && fsync(fd) < 0))
		return err_errno(err, ERR_BUILD, errno,
				 "cannot set mode and time of '%s' or write it to the disk", path);
	return 0;
}

struct finishing {
	int64_t epoch;
	mode_t mask; /* of the umask: the tree in it has secrets, and the user says who may read */
	bool sync;
	uint64_t done; /* bytes */
};

/* Sets mode and times and, if .sync, waits for the disk. Nothing is added to the result after
 * this, so the times of directories hold. */
static int finish_entry(const struct walk_entry *e, void *data, struct err *err)
{
	struct finishing *f = data;
	struct timespec times[2] = { { .tv_sec = f->epoch }, { .tv_sec = f->epoch } };
	bool directory = S_ISDIR(e->st->st_mode);
	cleanup_fd int fd = -1;
	int r = interrupt_check(err);

	if (r < 0)
		return r;
	if (S_ISLNK(e->st->st_mode)) {
		if (utimensat(e->dirfd, e->name, times, AT_SYMLINK_NOFOLLOW) < 0)
			return err_errno(err, ERR_BUILD, errno,
					 "cannot set mode and time of '%s' or write it to the disk",
					 e->path);
		return 0;
	}
	fd = openat(e->dirfd, e->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot open '%s'", e->path);
	r = finish_fd(fd, e->path, (directory ? 0755 : 0644) & ~f->mask, f->epoch, f->sync, err);
	if (r < 0)
		return r;
	if (!directory)
		f->done += (uint64_t)e->st->st_size;
	if (f->sync)
		progress_update(f->done);
	return 0;
}

static int finish(struct result *res, bool sync, struct err *err)
{
	struct finishing f = {
		.epoch = res->lock->source_date_epoch,
		.mask = file_mask(),
		.sync = sync,
	};
	int r = walk_tree(res->dir_fd, finish_entry, &f, err);

	if (r < 0)
		return r;
	return finish_fd(res->dir_fd, res->temporary, 0755 & ~f.mask, f.epoch, sync, err);
}

static int sync_out(struct result *res, struct err *err)
{
	if (fsync(res->out_fd) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot sync '%s/%s'", res->out,
				 res->recipe->name);
	return 0;
}

static int rename_to(struct result *res, const char *name, struct err *err)
{
	if (renameat(res->out_fd, res->temporary, res->out_fd, name) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot rename '%s/%s/%s' to '%s'",
				 res->out, res->recipe->name, res->temporary, name);
	free(take_ptr(res->temporary));
	res->published = true;
	return sync_out(res, err);
}

/* The files of the tree that differ, each on a line of its own; and what can be done. */
static int report_tree(const struct result *res, int old_fd, const char *name, struct err *err)
{
	CLEANUP(tree_mismatch_release) struct tree_mismatch t = { 0 };
	CLEANUP(err_release) struct err unreadable = { 0 };
	CLEANUP(text_release) struct text list = { 0 };

	if (tree_mismatch(old_fd, res->dir_fd, &t, &unreadable) < 0)
		return 0;
	for (size_t i = 0; i < t.line.count && i < LINES_MAX; i++)
		text_printf(&list, "\n%s", t.line.item[i]);
	if (t.line.count > LINES_MAX)
		text_printf(&list, "\nand %zu more", t.line.count - LINES_MAX);
	err_set(err, ERR_BUILD,
		"not reproducible: these files of the tree are not as in '%s/%s/%s', built before "
		"from the same lock:%s",
		res->out, res->recipe->name, res->version, list.data ? list.data : "");
	if (!t.all_dark || !t.first)
		return err_value(err);
	return err_hint(err,
			"scripts of packages made them, with other content in each build: say in "
			"the recipe what becomes of each, 'identity: [{path: %s, do: remove}]' for "
			"instance; the new result is in '%s/%s/%s'",
			t.first, res->out, res->recipe->name, name);
}

static int report_different(const struct result *res, int old_fd, const struct mismatch *d,
			    const char *name, struct err *err)
{
	if (d->damage) {
		err_set(err, ERR_BUILD, "'%s/%s/%s' was changed after it was built: %s", res->out,
			res->recipe->name, res->version, d->damage);
		return err_hint(err,
				"remove that directory and build again; the new result is in "
				"'%s/%s/%s'",
				res->out, res->recipe->name, name);
	}
	if (streq(d->path, RESULT_ROOTFS))
		(void)report_tree(res, old_fd, name, err);
	/* Without effect if the tree's files have been named. */
	err_set(err, ERR_BUILD,
		"not reproducible: '%s' %s in '%s/%s/%s', built before from the "
		"same lock",
		d->path, d->how, res->out, res->recipe->name, res->version);
	return err_hint(err,
			"the new result is in '%s/%s/%s': compare the two, and report it, as "
			"equal locks must give equal bytes",
			res->out, res->recipe->name, name);
}

static int keep_different(struct result *res, int old_fd, const struct mismatch *d, struct err *err)
{
	cleanup_free char *name = xasprintf("%s.differs", res->version);
	int r = remove_tree(res->out_fd, name, err);

	if (r < 0)
		return r;
	r = rename_to(res, name, err);
	if (r < 0)
		return r;
	return report_different(res, old_fd, d, name, err);
}

static int sign(const struct signer *signer, int dir_fd, struct err *err)
{
	static const char *const file[] = { SUMS, PROVENANCE };

	for (size_t i = 0; signer && i < ARRAY_SIZE(file); i++) {
		int r;

		if (faccessat(dir_fd, file[i], F_OK, 0) < 0)
			continue;
		r = signature_make(signer, dir_fd, file[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool wants_signature(const struct result *res, int dir_fd)
{
	return res->signer &&
	       !(signature_is_there(dir_fd, SUMS) && signature_is_there(dir_fd, PROVENANCE));
}

/* An equal result that is there already keeps the signatures that it has, since they still hold.
 * One that lacks any gets those of the new result, and its provenance.json, which they sign. */
static int sign_old(const struct result *res, int old_fd, struct err *err)
{
	static const char *const file[] = { PROVENANCE, PROVENANCE SIGNATURE_SSH,
					    PROVENANCE SIGNATURE_GPG, SUMS SIGNATURE_SSH,
					    SUMS SIGNATURE_GPG };

	if (!wants_signature(res, old_fd))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(file); i++)
		if (renameat(res->dir_fd, file[i], old_fd, file[i]) < 0 && errno != ENOENT)
			return err_errno(err, ERR_BUILD, errno,
					 "cannot put '%s' into the earlier result", file[i]);
	return 0;
}

/* 1: the version is there already and equal; 0: it is not there; negative: it differs. */
static int compare_old(struct result *res, struct err *err)
{
	CLEANUP(mismatch_release) struct mismatch d = { 0 };
	cleanup_fd int old_fd = -1;
	int r = result_place_old(res, &old_fd, NULL, err);

	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = result_mismatch(old_fd, res->dir_fd, &d, err);
	if (r < 0)
		return err_wrap(err, "comparing with the earlier result '%s/%s/%s'", res->out,
				res->recipe->name, res->version);
	if (d.path)
		return keep_different(res, old_fd, &d, err);
	r = sign_old(res, old_fd, err);
	return r < 0 ? r : 1;
}

static int point_latest(struct result *res, struct err *err)
{
	(void)unlinkat(res->out_fd, LATEST_TEMPORARY, 0);
	if (symlinkat(res->version, res->out_fd, LATEST_TEMPORARY) < 0 ||
	    renameat(res->out_fd, LATEST_TEMPORARY, res->out_fd, LATEST) < 0) {
		int errnum = errno;

		(void)unlinkat(res->out_fd, LATEST_TEMPORARY, 0);
		return err_errno(err, ERR_BUILD, errnum, "cannot point '%s/%s/" LATEST "' to '%s'",
				 res->out, res->recipe->name, res->version);
	}
	return sync_out(res, err);
}

static int publish_locked(struct result *res, struct err *err)
{
	int r = compare_old(res, err), built;

	if (r < 0)
		return r;
	built = result_note_built(res->store, res->lock->digest, res->dir_fd, err);
	if (built < 0)
		return built;
	if (r > 0) {
		res->up_to_date = true;
		res->published = true;
		return point_latest(res, err);
	}
	r = finish(res, true, err);
	if (r < 0)
		return r;
	r = rename_to(res, res->version, err);
	if (r < 0)
		return r;
	return point_latest(res, err);
}

static int publish(struct result *res, struct err *err)
{
	int r = sign(res->signer, res->dir_fd, err);

	if (r < 0)
		return r;
	/* All but the disk, so that others wait for our lock as short as possible. */
	r = finish(res, false, err);
	if (r < 0)
		return r;
	r = result_lock_out(res, err);
	if (r < 0)
		return r;
	r = publish_locked(res, err);
	result_unlock_out(res);
	return r;
}

int result_commit(struct result *res, char **ret_path, struct err *err)
{
	int r;

	progress_start("publish", 0, PROGRESS_BYTES);
	r = publish(res, err);
	if (r < 0) {
		progress_abort();
		return r;
	}
	progress_end(res->version);
	*ret_path = xasprintf("%s/%s/%s", res->out, res->recipe->name, res->version);
	return 0;
}

/* The directory's name has only a part of the lock's digest: sees that it holds the lock itself.
 * *ret: what is wrong, if it has another one. */
static int check_lock(const struct result *res, int dir_fd, char **ret, struct err *err)
{
	cleanup_free char *name = xasprintf("%s.lock", res->recipe->name);
	cleanup_fd int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char digest[DIGEST_HEX] = "";

	if (fd >= 0 && digest_fd(fd, digest, err) < 0)
		return err_wrap(err, "reading '%s'", name);
	if (!streq(digest, res->lock->digest))
		*ret = xasprintf("%s is not the lock of this version", name);
	return 0;
}

/* 1: nothing speaks against keeping a result without damage; 0: something does, which is said.
 * Whose it is does not count: the store proves that these bytes were built here, whoever put them
 * there, and a build would leave that directory as it is if it gave the same. */
static int may_stay(struct result *res, int dir_fd, bool ours, struct err *err)
{
	bool built = false;
	int r = result_was_built(res->store, res->lock->digest, dir_fd, &built, err);

	if (r < 0)
		return r;
	if (!built && !ours)
		log_note("'%s/%s/%s' was made by another user: building it again to compare, "
			 "since nothing in the store proves that it was built here",
			 res->out, res->recipe->name, res->version);
	else if (!built)
		log_note("nothing in the store proves that '%s/%s/%s' was built here: building it "
			 "again to compare",
			 res->out, res->recipe->name, res->version);
	else if (wants_signature(res, dir_fd))
		log_note("'%s/%s/%s' is not signed: building it again, since a signature says "
			 "that the signer has seen it built",
			 res->out, res->recipe->name, res->version);
	else if (!ours)
		log_note("'%s/%s/%s' belongs to another user, who can change it: now its files are "
			 "as they were built here",
			 res->out, res->recipe->name, res->version);
	return built && !wants_signature(res, dir_fd);
}

/* 1: the version is there, as it was built here; 0: it is not, or not like that. */
static int is_whole(struct result *res, struct err *err)
{
	cleanup_free char *damage = NULL;
	cleanup_fd int fd = -1;
	bool ours = false;
	int r = result_place_old(res, &fd, &ours, err);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = result_damage(fd, NULL, &damage, err);
	if (r < 0)
		return err_wrap(err, "checking the result '%s/%s/%s'", res->out, res->recipe->name,
				res->version);
	r = damage ? 0 : check_lock(res, fd, &damage, err);
	if (r < 0)
		return r;
	if (!damage)
		return may_stay(res, fd, ours, err);
	log_warning("'%s/%s/%s' was changed after it was built: %s; building it again to compare",
		    res->out, res->recipe->name, res->version, damage);
	return 0;
}

int result_reuse(struct result *res, char **ret_path, struct err *err)
{
	int r = is_whole(res, err);

	if (r <= 0)
		return r;
	r = result_lock_out(res, err);
	if (r < 0)
		return r;
	r = point_latest(res, err);
	result_unlock_out(res);
	if (r < 0)
		return r;
	res->up_to_date = true;
	res->published = true;
	*ret_path = xasprintf("%s/%s/%s", res->out, res->recipe->name, res->version);
	return 0;
}
