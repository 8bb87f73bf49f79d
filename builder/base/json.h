/* SPDX-License-Identifier: MIT */
/*
 * JSON values (jansson): members stay in the order in which they were added. Running out of memory
 * aborts, as everywhere.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/err.h"

static inline void json_cleanup(json_t **j)
{
	json_decref(*j);
}

/* NULL becomes null. Bytes that are not UTF-8 become U+FFFD: JSON cannot hold them. */
json_t *json_text(const char *s);
void json_add_text(json_t *object, const char *key, const char *s);
/* The same for a file's name, or what has one in it: bytes that are not UTF-8 are escaped so that
 * different names stay different (text_add_name()). */
json_t *json_name(const char *s);
void json_add_name(json_t *object, const char *key, const char *s);
void json_add_number(json_t *object, const char *key, uint64_t number);

/* The value on one line, without a newline; the caller frees it. Controls and marks that turn the
 * direction of text, which jansson leaves as they are from U+007F on, become \uNNNN: a terminal may
 * be what reads the line. */
char *json_line(const json_t *value);
/* Prints an event of --json as one line on stdout, at once. Takes the value. */
void json_print(json_t *value);
