/* SPDX-License-Identifier: MIT */
/*
 * Directories that belong to one running process: it holds their lock (flock(2)), and the kernel
 * lets go of it when the process dies, however that happens. So whoever gets the lock of one knows
 * that nobody uses it any more, and may remove it.
 */
#pragma once

#include "base/err.h"
#include "base/text.h"

/* Makes "PREFIXPID.RANDOM" in parent, mode 0700, without ACLs even if the parent has default ones,
 * and locks it. The caller owns name and descriptor, and removes the directory. */
int locked_dir_new(int parent, const char *prefix, char **ret_name, int *ret_fd, struct err *err);
/* Locks an existing one: a descriptor, or -1 if somebody uses it, or it is gone or no directory. */
int locked_dir_take(int parent, const char *name);
/* At most 64 names that begin with prefix, used or not, in any order. */
void locked_dir_list(int parent, const char *prefix, struct strv *ret);

/* Removes default and other ACLs and sets the mode, of a directory just made in such a one. */
int locked_dir_set_mode(int fd, mode_t mode, struct err *err);
