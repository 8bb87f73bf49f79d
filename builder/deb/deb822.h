/* SPDX-License-Identifier: MIT */
/*
 * Stanzas of "Field: value" lines, deb822(5): Release files, apt's *.sources, locks. The reader is
 * strict: whatever is not exactly such a line is an error with file:line, and so is a field that a
 * stanza gives twice (names compare without case). A field's value is what follows the colon
 * without surrounding blanks; continuation lines (indented) are joined to it with '\n', their own
 * surrounding blanks removed.
 *
 *	struct deb822 reader = { .name = url, .data = text, .size = length, .class = ERR_TRUST };
 *	CLEANUP(deb822_stanza_release) struct deb822_stanza stanza = { 0 };
 *	while ((r = deb822_next(&reader, &stanza, err)) > 0)
 *		suite = deb822_get(&stanza, "Suite");
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text.h"

#define DEB822_FIELDS_MAX 512

struct deb822_field {
	char *name;
	char *value;
	unsigned line; /* 1-based */
};

struct deb822_stanza {
	struct deb822_field *field; /* in the order of the file */
	size_t count;
	size_t allocated;
	unsigned line; /* of its first field */
};

struct deb822 {
	const char *name; /* of the file, for messages */
	const char *data; /* borrowed; the size is the caller's to limit */
	size_t size;
	enum err_class class; /* of errors */
	bool comments;	      /* lines that begin with '#' are skipped (*.sources) */
	size_t offset;	      /* the reader's own from here on */
	unsigned line;
};

/* The next stanza replaces what ret held. 1: there was one, 0: the end, negative: error. */
int deb822_next(struct deb822 *d, struct deb822_stanza *ret, struct err *err);
/* The first stanza of a text, such as a control file, which has but one. As deb822_next(). */
int deb822_first(const char *name, enum err_class class, const struct text *text,
		 struct deb822_stanza *ret, struct err *err);
/* NULL if absent. Valid until the stanza's next use. */
const struct deb822_field *deb822_find(const struct deb822_stanza *stanza, const char *name);
const char *deb822_get(const struct deb822_stanza *stanza, const char *name);
void deb822_stanza_release(struct deb822_stanza *stanza);
