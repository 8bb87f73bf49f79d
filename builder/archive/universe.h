/* SPDX-License-Identifier: MIT */
/*
 * Every package there is to choose from: the indices' content in one libsolv pool, with the facts
 * that libsolv does not keep. Debian has one candidate for a name, the highest version of all
 * suites (apt's rule for equal pins); the others stay in the pool, for messages and for when a
 * recipe pins a version, but are not considered.
 *
 *	universe_new, universe_add_*…, universe_index        the pool is complete
 *	universe_pin…, universe_consider                     the pool can be solved
 *
 * A parsed index is kept in the store as .solv (fact `solv`): loading it takes a tenth of the time.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include <solv/bitmap.h>
#include <solv/pool.h>
#include <solv/queue.h>

#include "archive/feed.h"
#include "archive/index.h"
#include "archive/package.h"
#include "archive/store.h"
#include "base/err.h"
#include "recipe/recipe.h"

struct universe_source { /* see struct index_file */
	const char *suite;
	const char *component;
	const char *repository;
	bool pocket;
};

struct universe {
	Pool *pool;
	char *architecture;
	struct universe_source **source; /* of each repo, by its appdata too */
	size_t source_count;
	size_t source_allocated;
	struct strv word; /* owns the sources' strings */

	struct feed_fact *fact; /* by solvable Id */
	Id *sorted;		/* by name; then best version, earliest source, own architecture */
	size_t count;
	Map pinned;
	Map considered; /* the pool's */
};

void universe_new(struct universe *u, const char *architecture);
void universe_release(struct universe *u);

/* The stanzas of a Packages file. name: for messages. Copies source's strings. */
int universe_add_text(struct universe *u, const struct universe_source *source, FILE *text,
		      const char *name, struct err *err);
/* A verified index, or its .solv. */
int universe_add_index(struct universe *u, struct store *s, const struct index_file *file,
		       struct err *err);
/* Local .debs, as repository "local", suite "local"; pinned once the universe is indexed. */
int universe_add_debs(struct universe *u, const struct recipe_files *debs, struct err *err);

/* No more additions after this. */
void universe_index(struct universe *u);
/* All packages of that name, best first; 0 if there are none. */
size_t universe_named(const struct universe *u, const char *name, const Id **ret_first);
/* Only pinned packages of this one's name will be considered. */
void universe_pin(struct universe *u, Id p);
bool universe_is_pinned(const struct universe *u, const char *name);
/* None of this name is pinned any more. */
void universe_unpin(struct universe *u, const char *name);
/* Decides the candidates and makes the pool solvable; may be called again. all_versions: not only
 * the best of a name that is not pinned. */
void universe_consider(struct universe *u, bool all_versions);
/* Some considered package is called that, or provides it. */
bool universe_provides(const struct universe *u, const char *name);
/* What to write instead of `name`. */
void universe_suggest(const struct universe *u, const char *name, struct strv *ret);

const char *universe_name(const struct universe *u, Id p);
const char *universe_version(const struct universe *u, Id p);
const struct universe_source *universe_source(const struct universe *u, Id p);
bool universe_is_local(const struct universe *u, Id p);
/* Debian's own archive, whose priorities and Essential flags count: not a third party's, not
 * local. */
bool universe_is_archive(const struct universe *u, Id p);

/* "libc6 (>= 2.39) | musl", as in a control file. Appended to ret. */
void universe_dependency_text(const struct universe *u, Id dependency, struct text *ret);
/* The alternatives of a dependency, in order: Ids without "|". */
void universe_alternatives(const struct universe *u, Id dependency, Queue *ret);

/* Fills a package from its index entry; role and flags are left alone. */
int universe_package(const struct universe *u, Id p, struct package *ret, struct err *err);
