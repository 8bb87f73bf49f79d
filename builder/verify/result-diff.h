/* SPDX-License-Identifier: MIT */
/*
 * A result and its rebuild, compared file by file. Archives are compared member by member
 * (archive-diff.c), the content of a file or member line by line or byte by byte (content-diff.c).
 *
 *	CLEANUP(differences_release) struct differences differences = { 0 };
 *	r = result_diff(old_fd, new_fd, &variations, &differences, err);
 *	if (differences.count == 0) ... the same bytes ...
 */
#pragma once

#include "base/err.h"
#include "verify/difference.h"
#include "verify/variation.h"

/* Both directories are results. provenance.json and signatures, which no two builds have in common,
 * are left out. variations: what was varied, since a value of one that turns up in the bytes is
 * their cause. A file that cannot be read as what it should be is a difference, not an error. */
int result_diff(int old_fd, int new_fd, const struct variations *variations,
		struct differences *ret, struct err *err);
