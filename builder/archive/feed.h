/* SPDX-License-Identifier: MIT */
/*
 * A Packages file on its way into libsolv. libsolv's reader takes what it is given, keeps
 * everything and lacks Priority, Essential and Size; so the text is read through a feed, which
 *
 *   - checks every stanza (deb822(5)): names and versions that policy allows, a relative path, a
 *     size, a SHA-256; anything else is an error with file:line;
 *   - lets through only the fields that a package set depends on. Replaces is not one of them: on
 *     an empty system it only orders dpkg's work, but libsolv would read it as a preference;
 *   - leaves out other architectures;
 *   - notes what libsolv does not keep, one fact for each stanza it let through, in order.
 *
 *	CLEANUP(feed_release) struct feed feed = { .from = text, .name = …, .architecture = … };
 *	FILE *reduced = feed_open(&feed);
 *	repo_add_debpackages(repo, reduced, 0);
 *	fclose(reduced);
 *	r = feed_check(&feed, err);
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/text.h"

#define FEED_LINE_LIMIT (1024 * 1024)
#define FEED_STANZA_LIMIT (4 * 1024 * 1024)
#define FEED_ALTERNATIVES_LIMIT 1000 /* in one field; libsolv recurses over them */
#define FEED_PACKAGES_LIMIT 1000000

enum priority { /* in the order in which providers are preferred */
		PRIORITY_REQUIRED,
		PRIORITY_IMPORTANT,
		PRIORITY_STANDARD,
		PRIORITY_OPTIONAL,
		PRIORITY_EXTRA,
};

/* "required" …; anything else is PRIORITY_EXTRA, as apt treats it. */
enum priority priority_from(const char *word);

struct feed_fact {
	uint64_t size; /* of the .deb */
	enum priority priority;
	bool essential;
};

struct feed {
	FILE *from;	  /* borrowed */
	const char *name; /* for messages */
	const char *architecture;
	enum err_class class; /* of errors about the content; 0: ERR_BUILD */

	struct feed_fact *fact; /* owned, as are the rest: the feed's own */
	size_t count;
	size_t allocated;
	struct text out;
	size_t taken;
	struct text stanza;
	struct feed_fact current;
	unsigned seen; /* bit set of fields */
	bool foreign;
	bool keeping; /* continuation lines follow their field */
	unsigned line;
	char *buffer;
	size_t buffer_size;
	struct err err;
};

/* The reduced text, to be read once and closed. Aborts when memory runs out. */
FILE *feed_open(struct feed *f);
/* Whether all went well: libsolv's reader cannot tell an error from the end. */
int feed_check(struct feed *f, struct err *err);
void feed_release(struct feed *f);
