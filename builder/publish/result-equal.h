/* SPDX-License-Identifier: MIT */
/* Two results of one lock: are they the same bytes, and if not, where do they begin to differ? */
#pragma once

#include <stdbool.h>

#include "base/err.h"

struct mismatch {
	char *path;	 /* owned; NULL: none */
	const char *how; /* "differs", "is missing", "is only"; followed by "in" the old result */
	bool damaged;	 /* the old file is not what the old SHA256SUMS says */
};

/* provenance.json and signatures aside. The first path in byte order; SHA256SUMS and
 * manifest.json, which follow from the others, come last. */
int result_mismatch(int old_fd, int new_fd, struct mismatch *ret, struct err *err);
/* *ret: the first file that is not what SHA256SUMS says, or that it does not know (SHA256SUMS
 * itself where it is missing or no such list); else the first link that is not what manifest.json
 * says; NULL if there is none. Caller frees. */
int result_damage(int dir_fd, char **ret, struct err *err);
void mismatch_release(struct mismatch *d);
