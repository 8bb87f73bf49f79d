/* SPDX-License-Identifier: MIT */
/* What the parts of finding.h share. */
#pragma once

#include "compare/finding.h"

#define CAUSE_UNKNOWN "no cause that netrescue knows"
#define CAUSE_TIME_STAMP "time stamps of files"
#define CAUSE_ORDER "another order: of a directory (ls -U, readdir), or of work done in parallel"

struct comparison {
	const struct conditions *conditions;
	struct findings *findings;
};

/* Copies all but what it takes by name; cause NULL: unknown. */
struct finding *finding_add(struct comparison *c, const char *artifact, const char *member,
			    const char *what, const char *cause);

/* inside.c: two archives that differ, an initrd or a tar. prefix: the member of an outer archive,
 * or "". */
int findings_inside(struct comparison *c, const char *artifact, const char *prefix, const int fd[2],
		    bool is_initrd, struct err *err);

/* content.c: two contents that differ, into the finding's cause and detail. */
int finding_explain(const struct comparison *c, struct finding *f, const struct text content[2],
		    struct err *err);

/* cause.c: a guess from what differs; NULL: none. */
const char *cause_of_content(const struct conditions *conditions, const struct text content[2]);
/* Of a name that only one side has. */
const char *cause_of_name(const char *path);
