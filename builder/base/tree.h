/* SPDX-License-Identifier: MIT */
/*
 * Directory trees: making the directories of a path, removing a tree, visiting all that is in one.
 * Paths are relative to a directory's descriptor. None of these follows a symbolic link out of the
 * tree that it was given.
 */
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/text.h"

/* mkdir -p: makes every directory of path that does not exist. */
int make_dirs(int dirfd, const char *path, mode_t mode, struct err *err);

/* The umask, which is left as it is: these bits a new file of the user's does not get. */
mode_t file_mask(void);

/* rm -rf: never follows links, never enters another file system or mount (that is an error), and
 * empties read-only directories that we own, at any depth. It is no error if path is missing. */
int remove_tree(int dirfd, const char *path, struct err *err);

/* Appends the names in a directory in byte order, without "." and "..". 0 or -errno. */
int list_names(int dirfd, const char *path, struct strv *ret);

struct walk_entry {
	int dirfd;	       /* the directory that holds it */
	const char *name;      /* in dirfd */
	const char *path;      /* from the start of the walk, without a leading slash */
	const struct stat *st; /* as lstat(2) gives it */
};
typedef int (*walk_fn)(const struct walk_entry *e, void *data, struct err *err);

/* Calls fn for every entry below dirfd: a directory before its content, names in byte order. Stops
 * at fn's first value that is not zero, and returns it. Does not follow links. fn may remove the
 * entry that it is called for. Directories nested deeper than WALK_DEPTH_MAX are an error. */
#define WALK_DEPTH_MAX 200
int walk_tree(int dirfd, walk_fn fn, void *data, struct err *err);
