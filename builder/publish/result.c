/* SPDX-License-Identifier: MIT */
#include "publish/file-origins.h"
#include "publish/result-files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/interrupt.h"
#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/tree.h"
#include "publish/menu.h"

#define TEMPORARY_PREFIX ".new-"
#define LOCK_POLL_MS 50
#define OPEN_ATTEMPTS 10

static bool is_missing(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 && errno == ENOENT;
}

static int make_out(struct result *res, const char *path, struct err *err)
{
	int r;

	res->made_out |= is_missing(res->out);
	res->made_recipe |= is_missing(path);
	r = make_dirs(AT_FDCWD, path, 0755, err);
	if (r < 0)
		return r;
	return open_dir(AT_FDCWD, path, &res->out_fd, err);
}

static int open_out(struct result *res, struct err *err)
{
	cleanup_free char *path = xasprintf("%s/%s", res->out, res->recipe->name);

	if (make_out(res, path, err) == 0)
		return 0;
	err_wrap(err, "making the output directory '%s'", path);
	return err_hint(err, "give a directory you may write to with --out DIR");
}

/* Between our opening it and our locking it another builder, which had made it, may have removed
 * it. */
static bool is_still_there(const struct result *res)
{
	cleanup_free char *path = xasprintf("%s/%s", res->out, res->recipe->name);
	struct stat ours, named;

	return fstat(res->out_fd, &ours) == 0 && stat(path, &named) == 0 &&
	       ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

static int open_locked_out(struct result *res, struct err *err)
{
	for (int i = 1; i <= OPEN_ATTEMPTS; i++) {
		CLEANUP(err_release) struct err gone = { 0 };
		int r = open_out(res, i < OPEN_ATTEMPTS ? &gone : err);

		if (r < 0)
			continue;
		r = result_lock_out(res, err);
		if (r < 0 || is_still_there(res))
			return r;
		cleanup_close_fd(&res->out_fd);
		res->out_fd = -1;
	}
	return err_set(err, ERR_BUILD, "another program keeps removing '%s/%s'", res->out,
		       res->recipe->name);
}

int result_lock_out(struct result *res, struct err *err)
{
	struct pollfd p = { .fd = interrupt_fd(), .events = POLLIN };
	int r;

	while (flock(res->out_fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EINTR)
			continue;
		if (errno == ENOLCK || errno == EOPNOTSUPP || errno == ENOSYS) {
			log_debug("'%s/%s' cannot be locked: %s", res->out, res->recipe->name,
				  strerror(errno));
			return 0;
		}
		if (errno != EWOULDBLOCK)
			return err_errno(err, ERR_BUILD, errno, "cannot lock '%s/%s'", res->out,
					 res->recipe->name);
		r = interrupt_check(err);
		if (r < 0)
			return r;
		(void)poll(&p, 1, LOCK_POLL_MS);
	}
	return 0;
}

void result_unlock_out(struct result *res)
{
	(void)flock(res->out_fd, LOCK_UN);
}

/* If the directory can be locked, the build that made it has ended: its lock ended with it. */
static int remove_if_stale(int out_fd, const char *name, struct err *err)
{
	cleanup_fd int fd = openat(out_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return 0;
	log_debug("removing '%s', left behind by a build that was killed", name);
	return remove_tree(out_fd, name, err);
}

static int list_temporaries(int out_fd, struct strv *ret, struct err *err)
{
	const struct dirent *e;
	DIR *d;
	int fd = openat(out_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		int errnum = errno;

		if (fd >= 0)
			(void)close(fd);
		return err_errno(err, ERR_BUILD, errnum, "cannot list the directory");
	}
	while ((e = readdir(d)))
		if (starts_with(e->d_name, TEMPORARY_PREFIX))
			strv_add(ret, e->d_name);
	(void)closedir(d);
	return 0;
}

static int remove_all_stale(const struct result *res, struct err *err)
{
	CLEANUP(strv_release) struct strv names = { 0 };
	int r = list_temporaries(res->out_fd, &names, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < names.count; i++) {
		r = remove_if_stale(res->out_fd, names.item[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int remove_stale(struct result *res, struct err *err)
{
	int r = remove_all_stale(res, err);

	return r < 0 ? err_wrap(err, "removing what an earlier build left in '%s/%s'", res->out,
				res->recipe->name)
		     : 0;
}

static int make_temporary(struct result *res, struct err *err)
{
	for (unsigned n = 0;; n++) {
		cleanup_free char *name = xasprintf(TEMPORARY_PREFIX "%s-%u", res->version, n);

		if (mkdirat(res->out_fd, name, 0755) == 0) {
			res->temporary = take_ptr(name);
			break;
		}
		if (errno != EEXIST) {
			err_errno(err, ERR_BUILD, errno, "cannot make the directory '%s/%s/%s'",
				  res->out, res->recipe->name, name);
			return err_hint(err, "give a directory you may write to with --out DIR");
		}
	}
	if (open_dir(res->out_fd, res->temporary, &res->dir_fd, err) < 0)
		return err_wrap(err, "opening the new result");
	(void)flock(res->dir_fd, LOCK_EX | LOCK_NB);
	return 0;
}

static int write_lock(struct result *res, struct err *err)
{
	cleanup_free char *text = lock_text(res->lock);
	cleanup_free char *name = xasprintf("%s.lock", res->recipe->name);

	return result_write(res, name, text, strlen(text), err);
}

int result_begin(struct store *s, const struct recipe *recipe, const struct lock *lock,
		 const struct indices *indices, const char *out, struct result *ret,
		 struct err *err)
{
	CLEANUP(result_release) struct result res = RESULT_INIT;
	int r;

	res.store = s;
	res.recipe = recipe;
	res.lock = lock;
	res.indices = indices;
	res.started = time(NULL);
	res.version = lock_version(lock);
	res.out = xstrdup(out);
	r = open_locked_out(&res, err);
	if (r < 0)
		return r;
	r = remove_stale(&res, err);
	if (r < 0)
		return r;
	r = make_temporary(&res, err);
	if (r < 0)
		return r;
	result_unlock_out(&res);
	r = write_lock(&res, err);
	if (r < 0)
		return r;
	*ret = TAKE_LEAVING(res, RESULT_INIT);
	return 0;
}

static void remove_temporary(struct result *res)
{
	CLEANUP(err_release) struct err err = { 0 };

	if (remove_tree(res->out_fd, res->temporary, &err) < 0)
		log_warning("cannot remove '%s/%s/%s': %s", res->out, res->recipe->name,
			    res->temporary, err.message);
}

/* Others may have begun to use them: only empty ones are removed, and out/RECIPE only while nobody
 * holds its lock. A builder that has opened it, but not locked it yet, sees that it is gone
 * (is_still_there()). */
static void remove_made_directories(const struct result *res)
{
	if (res->made_recipe && res->out_fd >= 0 && flock(res->out_fd, LOCK_EX | LOCK_NB) == 0) {
		cleanup_free char *path = xasprintf("%s/%s", res->out, res->recipe->name);

		(void)unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
	}
	if (res->made_out)
		(void)unlinkat(AT_FDCWD, res->out, AT_REMOVEDIR);
}

int result_set_kernels(struct result *res, const struct rootfs *rootfs, struct err *err)
{
	CLEANUP(menu_release) struct menu menu = { 0 };

	for (size_t i = 0; rootfs->kernel && i < rootfs->kernels.count; i++)
		strv_add(&res->kernels, rootfs->kernels.item[i].release);
	return menu_describe(res->recipe, res->version, &res->kernels, &menu, err);
}

void result_release(struct result *res)
{
	if (res->temporary)
		remove_temporary(res);
	if (res->version && res->dir_fd >= 0)
		(void)close(res->dir_fd);
	if (res->version && !res->published)
		remove_made_directories(res);
	if (res->version && res->out_fd >= 0)
		(void)close(res->out_fd);
	free(res->version);
	free(res->out);
	free(res->temporary);
	strv_release(&res->kernels);
	if (res->origins)
		file_origins_release(res->origins);
	free(res->origins);
	*res = (struct result)RESULT_INIT;
}
