/* SPDX-License-Identifier: MIT */
/*
 * What the fuzz targets share. A target is one file, fuzz_NAME.c, with one function
 *
 *	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
 *
 * that hands the bytes to a parser as if they had come from outside, and returns 0. It asserts what
 * holds whatever the bytes are, for instance that a lock that is taken is written again as it was.
 * An error is an answer like any other. What must not happen is a crash, a report of a sanitizer,
 * or an input that takes more time or memory than tests/fuzz/run allows.
 *
 * README.md says how to run a target, and how to add one.
 */
#pragma once

/* A target is never built without its assertions. */
#undef NDEBUG
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/memory.h"
#include "base/store.h"
#include "base/text.h"
#include "recipe/recipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes with a NUL behind them. The caller releases it. */
struct text fuzz_text(const uint8_t *data, size_t size);
/* The bytes up to the first NUL; the caller frees it. */
char *fuzz_string(const uint8_t *data, size_t size);
/* A private file in memory with the bytes, positioned at its start; the caller closes it. */
int fuzz_fd(const uint8_t *data, size_t size);

/* An input that stands for several texts or files has this line between them. */
#define FUZZ_SEPARATOR "\n%%%%\n"
#define FUZZ_PIECES_MAX 8

struct fuzz_pieces {
	struct text item[FUZZ_PIECES_MAX]; /* each with a NUL behind it */
	size_t count;			   /* at least 1 */
};

/* Cuts the bytes at the separators; what is behind the last piece that there may be belongs to it.
 * Pieces that are not there are empty texts. */
struct fuzz_pieces fuzz_cut(const uint8_t *data, size_t size);
void fuzz_pieces_release(struct fuzz_pieces *pieces);

/* A directory of this process's own, which is removed when it ends by itself. */
const char *fuzz_directory(void);
int fuzz_dirfd(void);
/* The path of a file in it; the caller frees it. */
char *fuzz_path(const char *name);
/* Writes a file there, and the directories it needs. */
void fuzz_file(const char *name, const void *data, size_t size);
/* Empties a directory there, and makes it if it is missing. The caller closes the descriptor. */
int fuzz_empty(const char *name);
/* A store there, empty at first. It stays open, and what an input leaves in it is there for the
 * next. */
struct store *fuzz_store(void);
/* A recipe that asks for a little of everything, for what foreign files are compared with. */
const struct recipe *fuzz_recipe(void);
