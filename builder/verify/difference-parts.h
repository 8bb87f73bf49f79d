/* SPDX-License-Identifier: MIT */
/* What the parts of result-diff.h share. */
#pragma once

#include "base/err.h"
#include "verify/difference.h"
#include "verify/variation.h"

#define CAUSE_TIME_STAMP "time stamps of files"
#define CAUSE_ORDER "another order: of a directory (ls -U, readdir), or of work done in parallel"

struct comparison {
	const struct variations *variations;
	struct differences *differences;
};

/* archive-diff.c: adds what differs between two archives, initrds or tars. prefix: where they are
 * members of an outer archive, "MEMBER: ", else "". */
int archive_diff(struct comparison *c, const char *artifact, const char *prefix, const int fd[2],
		 bool is_initrd, struct err *err);

/* content-diff.c: fills cause and detail of the difference between two contents. */
int content_diff(const struct comparison *c, struct difference *d, const struct text content[2],
		 struct err *err);

/* likely-cause.c: why two contents differ, a guess from where they first do; NULL: none. */
const char *likely_cause_of_content(const struct variations *variations,
				    const struct text content[2]);
/* The same of a name that only one side has. */
const char *likely_cause_of_name(const char *path);
