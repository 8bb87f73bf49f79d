/* SPDX-License-Identifier: MIT */
/* Which files differ in the trees of two results, and who made them. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/text.h"

struct tree_mismatch {
	struct strv line; /* "/etc/foo/id (named by a script of foo)", in the order of paths */
	bool all_dark;	  /* scripts of packages made all of them, but for the initramfs */
	char *first;	  /* the first dark one, or NULL */
};

/* Compares RESULT_ROOTFS of two results. */
int tree_mismatch(int old_fd, int new_fd, struct tree_mismatch *ret, struct err *err);
void tree_mismatch_release(struct tree_mismatch *t);
