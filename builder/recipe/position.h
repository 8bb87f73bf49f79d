/* SPDX-License-Identifier: MIT */
/* Where a value of a recipe was written, and errors about it. */
#pragma once

#include "base/err.h"

struct position {
	const char *file; /* owned by the recipe (recipe.files); "--set KEY" for the command line */
	unsigned line;	  /* from 1; 0: nobody wrote it, it is a default */
	unsigned column;
};

/* Sets an ERR_USAGE error at that place; for a default it names the recipe only. Returns the
 * error's negative value; err_hint() can add a way out. Later stages use it, too, for errors that
 * only they can find: position_error(&name->at, err, "no package '%s' in trixie", name->value). */
int position_error(const struct position *at, struct err *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The place in a sentence: "FILE:LINE", or "--set KEY". The caller frees it. */
char *position_text(const struct position *at);
