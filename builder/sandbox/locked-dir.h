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
/* Locks an existing one and returns a descriptor, which holds the lock; -1 if somebody uses it, or
 * if it is gone or not a directory. */
int locked_dir_take(int parent, const char *name);
/* The names in parent that begin with prefix, whether in use or not: 64 at most, in any order. */
void locked_dir_list(int parent, const char *prefix, struct strv *ret);

/* Sets the mode, and removes the ACLs that a new directory inherits where the one that holds it has
 * a default ACL: they would grant more than the mode does. */
int locked_dir_set_mode(int fd, mode_t mode, struct err *err);
