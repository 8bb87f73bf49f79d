/* SPDX-License-Identifier: MIT */
/*
 * Directories for a while, where others work too. mkdtemp(3) gives a name that nobody can foresee,
 * but whoever owns the directory above, or may write to it where there is no sticky bit, can put
 * something else under that name later. So that directory is looked at first.
 */
#pragma once

#include "base/err.h"

/* Makes `above`/`prefix`RANDOM, mode 0700; above NULL: $TMPDIR, else /tmp. *ret_path is the
 * caller's, who removes the directory. ERR_USAGE if somebody else could exchange it. */
int temporary_dir(const char *above, const char *prefix, char **ret_path, struct err *err);
