/* SPDX-License-Identifier: MIT */
/*
 * Text: growable strings, sorted lists of strings, strict numbers.
 *
 * A struct text is NUL-terminated from the first call on that adds to it; before, .data is NULL. It
 * may hold NUL bytes of its own: its length is .length. A struct strv is an array of strings that
 * ends with NULL, as execve(2) wants it.
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
/* Adds s for a terminal: what is not a printable UTF-8 character becomes \xNN, even newlines and
 * tabs. */
void text_add_escaped(struct text *t, const char *s);
/* Adds a file's name as UTF-8, so that different names stay different: a byte that is not part of
 * a UTF-8 character becomes \xNN, from \x80 to \xff, and a backslash that begins what reads like
 * that, or like this, becomes \x5c. So \x5c and \x80 to \xff stand for their bytes, and all else
 * for itself. */
void text_add_name(struct text *t, const char *s);
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

/* Reads a decimal number strictly: the whole string must be digits. -EINVAL or -ERANGE; then *ret
 * is untouched. */
int parse_u64(const char *s, uint64_t *ret);
/* The same for a number that may be negative, within an int: "-1". */
int parse_int(const char *s, int *ret);

/* The value of a hex digit in either case; -1: it is none. */
int hex_digit(char c);

/* "1.2 MB", in decimal units, with at most three digits; returns buffer. */
const char *human_size(uint64_t bytes, char buffer[16]);

/* For "did you mean": appends to ret the candidates nearest to `word`, best first, at most `most`.
 * Nearest means by edit distance, which must be at most 3 and at most a third of the word's
 * length. */
void nearest(const char *word, const char *const *candidates, size_t count, size_t most,
	     struct strv *ret);
