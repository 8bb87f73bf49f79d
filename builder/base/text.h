/* SPDX-License-Identifier: MIT */
/*
 * Text: growable strings, sorted lists of strings, strict numbers.
 *
 * struct text is always NUL-terminated: `text.data` is never NULL after the first call, and may
 * hold NUL bytes of its own (use .length). struct strv is a NULL-terminated array that argv can
 * take.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

struct text {
	char *data;
	size_t length;
	size_t allocated;
};

void text_append(struct text *t, const void *data, size_t length);
void text_add(struct text *t, const char *s);
void text_printf(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_vprintf(struct text *t, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));
/* For a terminal: what is not a printable UTF-8 character becomes \xNN, newlines and tabs too. */
void text_add_escaped(struct text *t, const char *s);
/* Hands out the string (never NULL, the caller frees it) and leaves t empty. */
char *text_take(struct text *t);
void text_release(struct text *t);

struct strv {
	char **item; /* NULL-terminated once anything was added, else NULL */
	size_t count;
	size_t allocated;
};

void strv_add(struct strv *v, const char *s); /* copies s */
void strv_add_take(struct strv *v, char *s);  /* takes s */
void strv_addf(struct strv *v, const char *format, ...) __attribute__((format(printf, 2, 3)));
void strv_add_all(struct strv *v, const struct strv *other);
bool strv_has(const struct strv *v, const char *s); /* linear */
bool strv_remove(struct strv *v, const char *s);    /* true if it was there; keeps the order */
void strv_sort(struct strv *v);			    /* byte order */
void strv_unique(struct strv *v);		    /* of a sorted list */
char *strv_join(const struct strv *v, const char *separator);
/* Splits at any byte of separators; empty pieces are dropped. */
void strv_split(struct strv *v, const char *s, const char *separators);
void strv_release(struct strv *v);

bool starts_with(const char *s, const char *prefix);
bool ends_with(const char *s, const char *suffix);
bool streq(const char *a, const char *b); /* NULL equals NULL only */

/* "base" of "../overlays/base/"; the caller frees it. */
char *last_name(const char *path);

/* Strict decimal: digits only, whole string, no overflow. -EINVAL or -ERANGE, ret untouched. */
int parse_u64(const char *s, uint64_t *ret);

/* "1.2 MB", decimal units, at most four digits. buffer of 16 bytes; returns it. */
const char *human_size(uint64_t bytes, char buffer[16]);

/* The names nearest to `word` by edit distance (at most 3 and at most a third of its length), best
 * first, at most `most`, appended to ret. For "did you mean". */
void nearest(const char *word, const char *const *candidates, size_t count, size_t most,
	     struct strv *ret);
