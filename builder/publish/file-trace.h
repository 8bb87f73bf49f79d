/* SPDX-License-Identifier: MIT */
/*
 * What leads from a file that nobody accounts for to the package whose script has probably made it.
 * Nobody records what maintainer scripts write, but most name the file, or make it in a directory
 * of their own package.
 */
#pragma once

#include <stdbool.h>

#include "publish/file-origins.h"
#include "publish/file-owners.h"

/* Whether it is a maintainer script, whose text file_trace() needs among those of the origins. */
bool file_trace_wants(const struct member *m);
/* "named by a script of bind9", "in a directory of dropbear-initramfs"; NULL: no trace. path: as
 * the members have it. Caller frees. */
char *file_trace(const struct file_origins *o, const struct file_owners *owners, const char *path);
