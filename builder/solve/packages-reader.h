/* SPDX-License-Identifier: MIT */
/*
 * A Packages file on its way into libsolv. libsolv's reader takes what it is given, keeps
 * everything and lacks Priority, Essential and Size; so the text is read through a packages_reader,
 * which
 *
 *   - checks every stanza (deb822(5)): names and versions that policy allows, a relative path, a
 *     size, a SHA-256; anything else is an error with file:line, or makes the reader leave out that
 *     stanza and note why;
 *   - lets through only the fields that a package set depends on. Replaces is not one of them: on
 *     an empty system it only orders dpkg's work, but libsolv would read it as a preference;
 *   - leaves out other architectures;
 *   - lets every package have the name, and ask for others by the names, that tell architectures
 *     apart (multi-arch.h);
 *   - notes what libsolv does not keep, one fact for each stanza it let through, in order.
 *
 *	CLEANUP(packages_reader_release)
 *	struct packages_reader reader = { .from = text, .name = …, .multi_arch = …,
 *					 .architecture = … };
 *	FILE *reduced = packages_reader_open(&reader);
 *	repo_add_debpackages(repo, reduced, 0);
 *	fclose(reduced);
 *	r = packages_reader_check(&reader, err);
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/text.h"
#include "recipe/priority.h"
#include "solve/multi-arch.h"

#define PACKAGES_READER_LINE_MAX (1024 * 1024)
#define PACKAGES_READER_STANZA_MAX (4 * 1024 * 1024)
#define PACKAGES_READER_ALTERNATIVES_MAX 1000 /* in one field; libsolv recurses over them */
#define PACKAGES_READER_PACKAGES_MAX 1000000

struct package_fact {
	uint64_t size; /* of the .deb */
	enum priority priority;
	bool essential;
};

/* A stanza that was left out. */
struct skipped_package {
	char *name;   /* as its Package field has it; "" if there is none */
	char *reason; /* "line 12: not a version: 'v1.0'" */
};

struct skipped_packages {
	struct skipped_package *item;
	size_t count;
	size_t allocated;
};

struct packages_reader {
	FILE *from;	  /* borrowed */
	const char *name; /* for messages */
	struct multi_arch multi_arch;
	/* Whose packages are taken; with the image's own those of `all`, too. */
	const char *architecture;
	enum err_class class; /* of errors about the content; 0: ERR_BUILD */
	/* Borrowed; gets the stanzas that are not as they should be. NULL: they are errors. */
	struct skipped_packages *skipped;

	struct package_fact *fact; /* owned, as are the rest: the reader's own */
	size_t count;
	size_t allocated;
	struct text out;
	size_t taken;
	struct text *value; /* of this stanza, by field; "" or NULL: there is none */
	size_t length;	    /* of all of them */
	struct package_fact current;
	unsigned seen;	      /* bit set of fields */
	bool other;	      /* of another architecture */
	char *fault;	      /* why this stanza is left out; NULL: it is not */
	struct text *keeping; /* the value that continuation lines belong to; NULL: none */
	unsigned line;
	char *buffer;
	size_t buffer_size;
	struct err err;
};

/* The reduced text, to be read once and closed. Aborts when memory runs out. */
FILE *packages_reader_open(struct packages_reader *reader);
/* Whether all went well: libsolv's reader cannot tell an error from the end. */
int packages_reader_check(struct packages_reader *reader, struct err *err);
void packages_reader_release(struct packages_reader *reader);
void skipped_packages_release(struct skipped_packages *skipped);
