/* SPDX-License-Identifier: MIT */
/*
 * The recipe files that were read, kept as text so that an error can show the line it is about. Paths
 * and texts stay where they are until sources_release(): a struct position may point at them.
 */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "base/text.h"

#define SOURCE_SIZE_MAX (1024 * 1024)
#define SOURCE_COUNT_MAX 8 /* a recipe and what it extends */

/* Where a value was written. file is owned by the recipe. line 0: a default. */
struct position {
	const char *file;
	unsigned line;
	unsigned column;
};

struct source {
	char *path;
	struct text content;
};

struct sources {
	struct source *item[SOURCE_COUNT_MAX];
	size_t count;
};

/* Reads a regular file of at most SOURCE_SIZE_MAX bytes. from: the `extends` that names it, or NULL;
 * the error then stands there. */
int sources_read(struct sources *s, const char *path, const struct position *from,
		 const struct source **ret, struct err *err);

/* An ERR_USAGE error at a place, with its source line. A position without a line (a default) names
 * the recipe only. Returns what err_set() returns. */
int source_error(const struct sources *s, const struct position *at, struct err *err,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Line `line` (from 1) of a text, without its newline; NULL if there is none. Caller frees. */
char *source_line(const char *text, unsigned line);

void sources_release(struct sources *s);
