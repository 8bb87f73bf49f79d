/* SPDX-License-Identifier: MIT */
/*
 * Every package there is to choose from: the indices' content in one libsolv pool, with the facts
 * that libsolv does not keep. As with apt, each name has one candidate: the highest version of
 * those with the highest priority, if that is positive. The other versions stay in the pool, for
 * messages and for recipes that pin one of them, but are not considered.
 *
 *	solver_pool_new, solver_pool_add_*…, solver_pool_index     the pool is complete
 *	pins_apply (pins.h)                                        its priorities are the recipe's
 *	solver_pool_pin…, solver_pool_consider                     the pool can be solved
 *
 * Names are those of multi-arch.h: "libc6:i386" is libc6 of a foreign architecture.
 *
 * A parsed index is kept in the store in libsolv's own format (.solv, fact `solv`), which loads in
 * a tenth of the time.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include <solv/bitmap.h>
#include <solv/pool.h>
#include <solv/queue.h>

#include "solve/multi-arch.h"
#include "solve/packages-reader.h"
#include "archive/index.h"
#include "archive/release.h"
#include "deb/package.h"
#include "base/store.h"
#include "base/err.h"
#include "recipe/pin.h"
#include "recipe/recipe.h"

struct solver_source { /* see struct index_file; what is NULL there is not known */
	const char *suite;
	const char *component;
	const char *repository;
	const char *architecture;    /* whose packages are taken; NULL or "all": the image's own */
	const char *about[PIN_KEYS]; /* what its Release says: see pin.h */
	bool pocket;
	int pin_priority; /* apt_preferences(5) */
};

struct solver_pool {
	Pool *solv;
	char *architecture;
	struct strv foreign;	       /* architectures */
	struct solver_source **source; /* one per libsolv repo, as its appdata */
	size_t source_count;
	size_t source_allocated;
	struct skipped_packages skipped; /* of all indices */
	struct strv word;		 /* the strings of the sources, owned here */

	struct package_fact *fact; /* by solvable Id */
	int *priority;		   /* the same; its source's, or what a pin says */
	bool has_priorities;	   /* some are not its source's */
	/* All packages, those of one name together. Among these the highest priority comes first,
	 * then the best version, the source of the highest priority, the earliest source, the
	 * pool's own architecture. */
	Id *sorted;
	size_t count;
	Map pinned;
	Map considered; /* those that libsolv may choose; libsolv's pool points to it */
};

void solver_pool_new(struct solver_pool *pool, const char *architecture);
/* From now on, packages of these architectures can be added as well. */
void solver_pool_set_foreign(struct solver_pool *pool, const struct recipe_list *architectures);
struct multi_arch solver_pool_multi_arch(const struct solver_pool *pool);
void solver_pool_release(struct solver_pool *pool);

/* The stanzas of a Packages file. name: for messages. Copies source's strings. */
int solver_pool_add_text(struct solver_pool *pool, const struct solver_source *source, FILE *text,
			 const char *name, struct err *err);
/* A verified index, or its .solv. */
int solver_pool_add_index(struct solver_pool *pool, struct store *s, const struct index_file *file,
			  struct err *err);
/* Local .debs, as repository "local", suite "local"; pinned once the pool is indexed. */
int solver_pool_add_debs(struct solver_pool *pool, const struct recipe_files *debs,
			 struct err *err);

/* No more additions after this. */
void solver_pool_index(struct solver_pool *pool);
/* Sorts anew, after priorities have changed. */
void solver_pool_sort(struct solver_pool *pool);
/* All packages of that name, best first; 0 if there are none. */
size_t solver_pool_named(const struct solver_pool *pool, const char *name, const Id **ret_first);
/* From now on, only pinned packages of this one's name are considered. */
void solver_pool_pin(struct solver_pool *pool, Id p);
bool solver_pool_is_pinned(const struct solver_pool *pool, const char *name);
/* It is not pinned any more. */
void solver_pool_unpin_one(struct solver_pool *pool, Id p);
/* None of this name is pinned any more. */
void solver_pool_unpin(struct solver_pool *pool, const char *name);
/* Decides which packages are candidates and makes the pool solvable; may be called again.
 * all_versions: of a name that is not pinned, not only the best version is one. */
void solver_pool_consider(struct solver_pool *pool, bool all_versions);
/* Whether a considered package is called that, or provides it. */
bool solver_pool_provides(const struct solver_pool *pool, const char *name);
/* Names that are similar to `name`, appended to ret. */
void solver_pool_suggest(const struct solver_pool *pool, const char *name, struct strv *ret);

const char *solver_pool_name(const struct solver_pool *pool, Id p);
const char *solver_pool_version(const struct solver_pool *pool, Id p);
const struct solver_source *solver_pool_source(const struct solver_pool *pool, Id p);
bool solver_pool_is_local(const struct solver_pool *pool, Id p);
/* Debian's own archive, whose priorities and Essential flags count: not a third party's, not
 * local. */
bool solver_pool_is_archive(const struct solver_pool *pool, Id p);

/* Whether a version of that name may be taken: one is pinned, or the best has a positive
 * priority. */
bool solver_pool_has_candidate(const struct solver_pool *pool, const char *name);

/* "libc6 (>= 2.39) | musl", as in a control file. Appended to ret. */
void solver_pool_dependency_text(const struct solver_pool *pool, Id dependency, struct text *ret);
/* The alternatives of a dependency, in order: Ids without "|". */
void solver_pool_alternatives(const struct solver_pool *pool, Id dependency, Queue *ret);

/* Fills a package from its index entry; role and flags are left alone. */
int solver_pool_package(const struct solver_pool *pool, Id p, struct package *ret, struct err *err);
