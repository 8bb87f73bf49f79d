/* SPDX-License-Identifier: MIT */
/*
 * Opening below a directory without ever leaving it, however the tree changes meanwhile. The walk
 * goes from directory to directory by descriptors, and each step takes one name and follows no
 * link, as openat2(2) does with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS; but it also works where a
 * container forbids that call.
 *
 *	cleanup_fd int fd = open_beneath(store, "log/x.log", O_WRONLY | O_CREAT, 0666);
 *	if (fd < 0)
 *		return err_errno(err, ERR_BUILD, -fd, "cannot write '%s'", path);
 *
 * It is for directories in which somebody else may have put links. The folders that a recipe may
 * read, where links are followed if they stay inside, are recipe/reach.h's business.
 */
#pragma once

#include <sys/types.h>

/* Opens `path` below dirfd, with O_CLOEXEC. A new descriptor, or -errno: -ELOOP for a link at any
 * place in the path, the last one included; -EXDEV for an absolute path and for "..". The directory
 * itself is ".". Where a pipe may lie in wait, add O_NONBLOCK to the flags. */
int open_beneath(int dirfd, const char *path, int flags, mode_t mode);

/* Opens (O_PATH) the directory that holds the last component of `path`, for what has no descriptor
 * to open: mkdirat(2), unlinkat(2), renameat(2), fstatat(2). *ret_name is that component, in
 * `path`. Fails as open_beneath() does, and with -EINVAL if the last component is no name: "", "."
 * or one with a slash behind it. */
int open_parent_beneath(int dirfd, const char *path, const char **ret_name);

/* mkdir -p below dirfd, by the same walk: 0, or -errno as open_beneath(). What it makes has that
 * very mode, whatever the umask. */
int make_dirs_beneath(int dirfd, const char *path, mode_t mode);
