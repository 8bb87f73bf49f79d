/* SPDX-License-Identifier: MIT */
/*
 * Files that programs make while an image is built: what we expect, as data. Who writes one of
 * these is known only to its maintainer script or trigger; recording each script's files would mean
 * a look at the whole tree before and after each of some hundred scripts, and would explain
 * anything any of them does. A table says what is right to be there, so that what is not in it
 * stands out.
 */
#pragma once

#include <stdbool.h>

struct generated_file {
	const char *pattern; /* fnmatch(3) of the whole path, `*` matches slashes too */
	const char *target;  /* the same, of a symbolic link's target; NULL: any, or no link */
	/* The package whose script, trigger or program makes it, a pattern too: counts only where
	 * it is installed. NULL: netrescue itself. */
	const char *package;
	const char *stage; /* NULL: the stage that installs the package */
	const char *how;
};

/* The first row that matches and whose package is installed; NULL: none. target: of a symbolic
 * link, else NULL. installed(): whether a package of that pattern is, its name in *ret (borrowed).
 */
const struct generated_file *generated_file_find(const char *path, const char *target,
						 bool (*installed)(const char *pattern,
								   const char **ret, void *data),
						 void *data, const char **ret_package);
