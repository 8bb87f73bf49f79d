/* SPDX-License-Identifier: MIT */
/* What the parts of difference.h share. */
#pragma once

#include "verify/difference.h"

#define CAUSE_UNKNOWN "no cause that netrescue knows"
#define CAUSE_TIME_STAMP "time stamps of files"
#define CAUSE_ORDER "another order: of a directory (ls -U, readdir), or of work done in parallel"

struct comparison {
	const struct variations *variations;
	struct differences *differences;
};

/* Copies all but what it takes by name; cause NULL: unknown. */
struct difference *difference_add(struct comparison *c, const char *artifact, const char *member,
				  const char *what, const char *cause);

/* archive-diff.c: two archives that differ, an initrd or a tar. prefix: the member of an outer
 * archive, or "". */
int archive_diff(struct comparison *c, const char *artifact, const char *prefix, const int fd[2],
		 bool is_initrd, struct err *err);

/* content-diff.c: two contents that differ, into the difference's cause and detail. */
int content_diff(const struct comparison *c, struct difference *f, const struct text content[2],
		 struct err *err);

/* likely-cause.c: a guess from what differs; NULL: none. */
const char *likely_cause_of_content(const struct variations *variations,
				    const struct text content[2]);
/* Of a name that only one side has. */
const char *likely_cause_of_name(const char *path);
