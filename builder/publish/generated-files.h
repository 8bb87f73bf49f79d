/* SPDX-License-Identifier: MIT */
/*
 * The files that maintainer scripts, triggers and other programs are expected to make while an
 * image is built, as a table. dpkg does not record what scripts write. We could look at the whole
 * tree before and after each of some hundred scripts; but that would name a maker for anything that
 * any of them does, whereas whatever is not in a table stands out.
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

/* The first row that matches and whose package is installed; NULL: none. target: that of a symbolic
 * link, else NULL. installed() says whether a package that matches the pattern is installed, with
 * its name in *ret (borrowed). */
const struct generated_file *generated_file_find(const char *path, const char *target,
						 bool (*installed)(const char *pattern,
								   const char **ret, void *data),
						 void *data, const char **ret_package);
