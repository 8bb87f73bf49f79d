/* SPDX-License-Identifier: MIT */
/*
 * A row of texts and numbers as bytes, for what this program writes and reads back itself. A text
 * may have any byte but NUL, as the name of a file may; it can also be absent (NULL).
 *
 *	fields_put(&t, path);
 *	fields_put_number(&t, size);
 *
 *	struct fields f = { t.data, t.data + t.length };
 *	ok = fields_get(&f, &path) && fields_get_number(&f, &size) && f.next == f.end;
 */
#pragma once

#include "base/text.h"

struct fields {
	const char *next, *end;
};

void fields_put(struct text *t, const char *s); /* NULL: absent */
void fields_put_number(struct text *t, uint64_t number);
/* Bytes of any kind. */
void fields_put_bytes(struct text *t, const void *bytes, size_t size);

/* Each returns false if the row has ended or has something else there. Texts and bytes point into
 * the row; both end with a NUL. */
bool fields_get(struct fields *f, const char **ret);
bool fields_get_number(struct fields *f, uint64_t *ret);
bool fields_get_bytes(struct fields *f, const char **ret, size_t *ret_size);
