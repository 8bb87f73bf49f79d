/* SPDX-License-Identifier: MIT */
/* Checks whether two results of one lock are equal. Only the first path that differs is named;
 * verify/result-diff.h finds all of them. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

struct mismatch {
	char *path;	 /* owned; NULL: none */
	const char *how; /* "differs", "is missing", "is only"; followed by "in" the old result */
	char *damage; /* owned: how the old result is damaged (result-damage.h); NULL: it is not */
};

/* Compares two results, provenance.json and signatures aside. *ret: the first path in byte order
 * that differs; SHA256SUMS and manifest.json count only if no other file does, since they list the
 * others' digests. */
int result_mismatch(int old_fd, int new_fd, struct mismatch *ret, struct err *err);
void mismatch_release(struct mismatch *d);
