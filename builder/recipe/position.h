/* SPDX-License-Identifier: MIT */
/* Where a value of a recipe was written. */
#pragma once

#include "base/err.h"

struct position {
	const char *file; /* owned by the recipe (recipe.files) */
	unsigned line;	  /* from 1; 0: a default, nobody wrote it */
	unsigned column;
};

/* An ERR_USAGE error at that place, with the source line; for a default it names the recipe
 * only. Returns what err_set() returns; add a way out with err_hint(). Later stages use it for
 * what only they can know: position_error(&name->at, err, "no package '%s' in trixie",
 * name->value). */
int position_error(const struct position *at, struct err *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
