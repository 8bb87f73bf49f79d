/* SPDX-License-Identifier: MIT */
#include "publish/result-place.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/interrupt.h"
#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/owner.h"
#include "base/tree.h"

#define LOCK_POLL_MS 50
#define OPEN_ATTEMPTS 10
#define PROBE ".link"

static bool is_missing(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 && errno == ENOENT;
}

static int refuse_link(const struct result *res, struct err *err)
{
	err_set(err, ERR_USAGE,
		"'%s/%s' is a link, and it or the directory that holds it is somebody else's: such "
		"a link is not followed",
		res->out, res->recipe->name);
	return err_hint(err, "remove it, or give a directory of your own with --out DIR");
}

static int open_recipe_directory(struct result *res, struct err *err)
{
	const char *name = res->recipe->name;
	int failed = mkdirat(res->above_fd, name, 0755) < 0 ? errno : 0;
	int fd = owner_open_dir(res->above_fd, name);

	res->made_recipe |= !failed;
	if (fd == -ELOOP)
		return refuse_link(res, err);
	if (fd == -ENOENT && failed && failed != EEXIST)
		fd = -failed;
	if (fd < 0)
		return err_errno(err, ERR_BUILD, -fd, "cannot make directory '%s/%s'", res->out,
				 name);
	res->out_fd = fd;
	return 0;
}

static int make_out(struct result *res, struct err *err)
{
	int r;

	res->made_out |= is_missing(res->out);
	r = make_dirs(AT_FDCWD, res->out, 0755, err);
	if (r < 0)
		return r;
	r = open_dir(AT_FDCWD, res->out, &res->above_fd, err);
	return r < 0 ? r : open_recipe_directory(res, err);
}

static void close_out(struct result *res)
{
	cleanup_close_fd(&res->out_fd);
	cleanup_close_fd(&res->above_fd);
	res->out_fd = res->above_fd = -1;
}

static int open_out(struct result *res, struct err *err)
{
	if (make_out(res, err) == 0)
		return 0;
	close_out(res);
	err_wrap(err, "making the output directory '%s/%s'", res->out, res->recipe->name);
	return err_hint(err, "give a directory you may write to with --out DIR");
}

/* Between our opening it and our locking it another builder, which had made it, may have removed
 * it. */
static bool is_still_there(const struct result *res)
{
	cleanup_fd int again = owner_open_dir(res->above_fd, res->recipe->name);
	struct stat ours, named;

	return again >= 0 && fstat(res->out_fd, &ours) == 0 && fstat(again, &named) == 0 &&
	       ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

int result_place_open(struct result *res, struct err *err)
{
	for (int i = 1; i <= OPEN_ATTEMPTS; i++) {
		CLEANUP(err_release) struct err gone = { 0 };
		int r = open_out(res, i < OPEN_ATTEMPTS ? &gone : err);

		if (r < 0)
			continue;
		r = result_lock_out(res, err);
		if (r < 0 || is_still_there(res))
			return r;
		close_out(res);
	}
	return err_set(err, ERR_BUILD, "another program keeps removing '%s/%s'", res->out,
		       res->recipe->name);
}

int result_lock_directory(int fd, const char *path, struct err *err)
{
	struct pollfd p = { .fd = interrupt_fd(), .events = POLLIN };
	int r;

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EINTR)
			continue;
		if (errno == ENOLCK || errno == EOPNOTSUPP || errno == ENOSYS) {
			log_debug("'%s' cannot be locked: %s", path, strerror(errno));
			return 0;
		}
		if (errno != EWOULDBLOCK)
			return err_errno(err, ERR_BUILD, errno, "cannot lock '%s'", path);
		r = interrupt_check(err);
		if (r < 0)
			return r;
		(void)poll(&p, 1, LOCK_POLL_MS);
	}
	return 0;
}

int result_lock_out(struct result *res, struct err *err)
{
	cleanup_free char *path = xasprintf("%s/%s", res->out, res->recipe->name);

	return result_lock_directory(res->out_fd, path, err);
}

void result_unlock_out(struct result *res)
{
	(void)flock(res->out_fd, LOCK_UN);
}

/* What we make is ours, or on a file system of the network what its server takes us for. */
static bool is_ours(const struct result *res, const struct stat *st)
{
	struct stat made;

	return owner_is_trusted(st) ||
	       (fstat(res->dir_fd, &made) == 0 && made.st_uid == st->st_uid);
}

static void say_whose(const struct result *res)
{
	const int fd[] = { res->above_fd, res->out_fd };

	for (size_t i = 0; i < ARRAY_SIZE(fd); i++) {
		cleanup_free char *whose = NULL;
		struct stat st;

		if (fstat(fd[i], &st) < 0 || (is_ours(res, &st) && !owner_is_everybody(&st)))
			continue;
		whose = owner_is_everybody(&st) ? xstrdup("everybody") : owner_name(&st);
		log_note("'%s%s%s' can be changed by %s, and so can the results in it", res->out,
			 i ? "/" : "", i ? res->recipe->name : "", whose);
		return;
	}
}

static int make_temporary(struct result *res, struct err *err)
{
	for (unsigned n = 0;; n++) {
		cleanup_free char *name = xasprintf(RESULT_NEW "%s-%u", res->version, n);

		if (mkdirat(res->out_fd, name, 0700) == 0) {
			res->temporary = take_ptr(name);
			return 0;
		}
		if (errno != EEXIST) {
			err_errno(err, ERR_BUILD, errno, "cannot make the directory '%s/%s/%s'",
				  res->out, res->recipe->name, name);
			return err_hint(err, "give a directory you may write to with --out DIR");
		}
	}
}

/* A result has links in tftp/. It is better to know now than when all is built. */
static int check_links(const struct result *res, struct err *err)
{
	int failed = symlinkat("target", res->dir_fd, PROBE) < 0 ? errno : 0;

	(void)unlinkat(res->dir_fd, PROBE, 0);
	if (!failed)
		return 0;
	if (failed != EPERM && failed != EOPNOTSUPP && failed != ENOSYS)
		return err_errno(err, ERR_BUILD, failed, "cannot write in '%s/%s/%s'", res->out,
				 res->recipe->name, res->temporary);
	err_set(err, ERR_USAGE,
		"the file system of '%s/%s' has no symbolic links, but a result does", res->out,
		res->recipe->name);
	return err_hint(err, "give a directory on one of Unix (ext4, XFS, Btrfs, NFS) with --out "
			     "DIR; FAT can hold an archive of a result");
}

int result_place_begin(struct result *res, struct err *err)
{
	int r = make_temporary(res, err);

	if (r < 0)
		return r;
	r = open_beneath(res->out_fd, res->temporary, O_RDONLY | O_DIRECTORY, 0);
	res->dir_fd = r < 0 ? -1 : r;
	r = r < 0 ? r : owner_check_made(res->dir_fd);
	if (r < 0) {
		err_errno(err, ERR_BUILD, -r, "'%s/%s/%s' is not the directory that was made there",
			  res->out, res->recipe->name, res->temporary);
		return err_hint(err, "give a directory that nobody else works in with --out DIR");
	}
	(void)flock(res->dir_fd, LOCK_EX | LOCK_NB);
	say_whose(res);
	return check_links(res, err);
}

/* Others may have begun to use them: only empty ones are removed, and out/RECIPE only while nobody
 * holds its lock. A builder that has opened it, but not locked it yet, sees that it is gone
 * (is_still_there()). */
void result_place_remove(const struct result *res)
{
	if (res->made_recipe && res->out_fd >= 0 &&
	    (flock(res->out_fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK))
		(void)unlinkat(res->above_fd, res->recipe->name, AT_REMOVEDIR);
	if (res->made_out)
		(void)unlinkat(AT_FDCWD, res->out, AT_REMOVEDIR);
}

int result_place_old(const struct result *res, int *ret_fd, bool *ret_ours, struct err *err)
{
	cleanup_fd int fd = open_beneath(res->out_fd, res->version, O_RDONLY | O_DIRECTORY, 0);
	struct stat st;

	if (fd == -ENOENT)
		return -ENOENT;
	if (fd == -ELOOP) {
		err_set(err, ERR_BUILD, "'%s/%s/%s' is a link, which is not followed", res->out,
			res->recipe->name, res->version);
		return err_hint(err, "remove it: a result is a directory");
	}
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, ERR_BUILD, fd < 0 ? -fd : errno, "cannot open '%s/%s/%s'",
				 res->out, res->recipe->name, res->version);
	if (ret_ours)
		*ret_ours = is_ours(res, &st);
	*ret_fd = take_fd(&fd);
	return 0;
}
