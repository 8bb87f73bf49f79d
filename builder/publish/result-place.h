/* SPDX-License-Identifier: MIT */
/*
 * Where a result grows: out/, out/RECIPE in it, and there a directory that only we may enter until
 * the result is whole.
 *
 * The user names out/, and links on the way there are the user's. What is in it may be anybody's,
 * for results are collected where several people write, and root builds in a user's checkout. So
 * nothing there is refused for its owner, but nothing of somebody else's leads us elsewhere: a link
 * is followed only where out/RECIPE is one that we or root made (owner_open_dir()), and all below
 * is opened, renamed and removed by descriptors. Who else could change the result is said.
 */
#pragma once

#include "publish/result.h"

#define RESULT_NEW ".new-" /* begins the names of directories that are being filled */

/* Opens and locks out/RECIPE (.above_fd, .out_fd); makes both where they are missing. */
int result_place_open(struct result *res, struct err *err);
/* Makes the directory that is filled (.temporary, .dir_fd), mode 0700, and locks it (flock(2)).
 * Fails in words where the file system cannot hold what a result has. */
int result_place_begin(struct result *res, struct err *err);
/* Removes out/RECIPE and out/ if result_place_open() made them and they are empty. */
void result_place_remove(const struct result *res);

/* Opens the result of this version that is there already, by a walk that follows no link. -ENOENT
 * without a message if there is none. *ret_ours, which may be NULL: whether nobody but us and root
 * can have made it. */
int result_place_old(const struct result *res, int *ret_fd, bool *ret_ours, struct err *err);

/* Waits until this process has locked out/RECIPE (flock(2)). Directories in it may be made, renamed
 * or removed only under this lock. It is released by result_unlock_out() or by closing. On file
 * systems where directories cannot be locked (NFS) there is no lock. */
int result_lock_out(struct result *res, struct err *err);
void result_unlock_out(struct result *res);
/* The same lock for who makes no result: fd is open on out/RECIPE, path is for messages. It
 * is to be closed before a result is built there, which would wait for it for ever. */
int result_lock_directory(int fd, const char *path, struct err *err);
