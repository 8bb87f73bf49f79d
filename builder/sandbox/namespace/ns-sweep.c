/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/tree.h"
#include "sandbox/namespace/ns.h"
#include "sandbox/sandbox.h"

#define RULES_MAX 4096

static int empty_file(const char *path, struct err *err)
{
	struct stat st;
	cleanup_fd int fd = ns_open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, ERR_BUILD, fd < 0 ? -fd : errno, "cannot empty '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_BUILD, "cannot empty '%s': no regular file", path);
	if (ftruncate(fd, 0) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot empty '%s'", path);
	return 0;
}

/* The names are collected first and removed afterwards: a walk must find its directories. */
static int note_top(const struct walk_entry *e, void *data, struct err *err)
{
	(void)err;
	if (!strchr(e->path, '/'))
		strv_add(data, e->name);
	return 0;
}

static int empty_directory(const char *path, struct err *err)
{
	CLEANUP(strv_release) struct strv names = { 0 };
	cleanup_fd int fd = ns_open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	int r;

	if (fd < 0)
		return err_errno(err, ERR_BUILD, -fd, "cannot empty '%s'", path);
	r = walk_tree(fd, note_top, &names, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < names.count; i++) {
		r = remove_tree(fd, names.item[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* By the directory that it lies in, so that no link of /proc leads out of the tree. */
static int remove_one(const char *path, struct err *err)
{
	cleanup_free char *above = xstrndup(path, (size_t)(strrchr(path, '/') + 1 - path));
	cleanup_fd int fd = ns_open(above, O_PATH | O_DIRECTORY, 0);

	if (fd < 0)
		return err_errno(err, ERR_BUILD, -fd, "cannot remove '%s'", path);
	return remove_tree(fd, strrchr(path, '/') + 1, err);
}

struct find {
	const char *pattern;
	struct strv found;
};

static void find_release(struct find *f)
{
	strv_release(&f->found);
}

static int note_match(const struct walk_entry *e, void *data, struct err *err)
{
	struct find *f = data;

	(void)err;
	if (!S_ISDIR(e->st->st_mode) && fnmatch(f->pattern, e->name, 0) == 0)
		strv_add(&f->found, e->path);
	return 0;
}

/* In the bare tree, which has nothing of /proc, /dev and the scratch directory. */
static int remove_everywhere(const struct ns *ns, const char *pattern, struct err *err)
{
	CLEANUP(find_release) struct find find = { .pattern = pattern };
	int r = walk_tree(ns->tree, note_match, &find, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < find.found.count; i++)
		if (unlinkat(ns->tree, find.found.item[i], 0) < 0)
			return err_errno(err, ERR_BUILD, errno, "cannot remove '/%s'",
					 find.found.item[i]);
	return 0;
}

static int apply(const char *path, enum sweep_action action, struct err *err)
{
	switch (action) {
	case SWEEP_REMOVE:
		return remove_one(path, err);
	case SWEEP_EMPTY:
		return empty_file(path, err);
	case SWEEP_CONTENT:
		return empty_directory(path, err);
	case SWEEP_RECURSIVE:
		break;
	}
	return err_set(err, ERR_BUILD, "unknown way to sweep '%s'", path);
}

/* A directory that is not there matches nothing; one that cannot be read hides matches. */
static int glob_trouble(const char *path, int errnum)
{
	(void)path;
	return errnum != ENOENT && errnum != ENOTDIR;
}

static int sweep_one(const struct ns *ns, enum sweep_action action, const char *pattern,
		     struct err *err)
{
	CLEANUP(globfree) glob_t g = { 0 };
	int r;

	if (action == SWEEP_RECURSIVE)
		return remove_everywhere(ns, pattern, err);
	if (pattern[0] != '/')
		return err_set(err, ERR_BUILD, "sweep pattern '%s' is not absolute", pattern);
	r = glob(pattern, 0, glob_trouble, &g);
	if (r == GLOB_NOMATCH)
		return 0;
	if (r != 0)
		return err_set(err, ERR_BUILD, "cannot look for '%s' in the tree", pattern);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		r = apply(g.gl_pathv[i], action, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int ns_request_sweep(struct ns *ns, struct message *request, struct message *reply, struct err *err)
{
	uint64_t count = message_get_u64(request);

	(void)reply;
	if (count > RULES_MAX)
		request->bad = true;
	for (uint64_t i = 0; i < count && !request->bad; i++) {
		uint64_t action = message_get_u64(request);
		cleanup_free char *pattern = message_get_text(request);
		int r;

		if (request->bad)
			break;
		r = sweep_one(ns, (enum sweep_action)action, pattern, err);
		if (r < 0)
			return r;
	}
	return message_end(request, err);
}
