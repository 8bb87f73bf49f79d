/* SPDX-License-Identifier: MIT */
/*
 * What server.sh answers: lines of a word and a text, files, and an end. The server is another
 * machine, and what ssh shows before the script begins is anybody's: so nothing is longer than a
 * limit, and everything else is an error.
 *
 *	CLEANUP(reply_release) struct reply reply = { 0 };
 *	while ((r = reply_parse(&reply, data, length, &used, err)) == 0)
 *		drop `used` bytes, read more behind the others
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text.h"

struct reply_item {
	char *word; /* "step", "fact", "file" */
	char *text; /* what follows on the line: "free 812 - ext2-ext3"; "" if nothing does */
	char *data; /* of a file, NUL-terminated, else NULL */
	size_t size;
};

struct reply {
	struct reply_item *item;
	size_t count;
	size_t allocated;
	size_t bytes; /* of all items */
	char *failed; /* why the request failed; NULL: it did not */
	char *hint;   /* the way out, or NULL */
};

/* Takes whole lines and files from the bytes. 1: the request has been answered, successfully or
 * not; 0: more is needed; negative: this is no answer of server.sh (ERR_NETWORK). *ret_used says
 * how many bytes are done with. */
int reply_parse(struct reply *reply, const char *data, size_t length, size_t *ret_used,
		struct err *err);
void reply_release(struct reply *reply);

/* The text behind the n-th "fact NAME ", n from 0; NULL if there are no more. */
const char *reply_fact(const struct reply *reply, const char *name, size_t n);
/* The file of that name, or NULL. */
const struct reply_item *reply_file(const struct reply *reply, const char *name);
