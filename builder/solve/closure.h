/* SPDX-License-Identifier: MIT */
/*
 * Finds what some packages of a set depend on, within that set: the base that the lock flags
 * (base-set.h) and the essential packages that are unpacked first (rootfs/phases.h) are closures of
 * this kind. It works on the text of control files, because a build from a lock has no index to
 * fill a solver's pool from.
 *
 * Of a dependency with alternatives, the first one that the set fulfils counts: by the package of
 * that very name, else by the first, in the order of names, that provides it. One is enough for
 * dpkg. A provided name without a version fulfils only what asks for none (Debian Policy 7.5). Of
 * several architectures the names are those of multi-arch.h; ":any" is no part of one.
 *
 *	CLEANUP(closure_release) struct closure c = { 0 };
 *	...for every package of the set, in the order of names:
 *		struct closure_package *p = closure_add(&c, name, version);
 *		closure_depends(p, "libc6 (>= 2.41), mawk | awk");
 *		closure_provides(p, "awk");
 *	...for every package that it begins with:
 *		closure_take(&c, i);
 *	closure_complete(&c);
 *	...c.item[i].taken says whether the i-th package belongs to it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

struct closure_package {
	char *name;
	char *version;
	struct strv depends;  /* "mawk | awk (>= 1)": one dependency each */
	struct strv provides; /* "awk (= 1)" */
	bool taken;
};

struct closure_offer {
	char *name;
	size_t package;	 /* index of who provides it */
	size_t relation; /* index in its .provides */
};

struct closure {
	struct closure_package *item; /* by name */
	size_t count;
	size_t allocated;
	struct closure_offer *offer; /* all that is provided, sorted; made at the first question */
	size_t offer_count;
	bool complete;	 /* nothing is added any more */
	size_t *pending; /* taken, their own dependencies not yet looked at */
	size_t pending_count;
	size_t pending_allocated;
};

/* Adds a package of the set and returns it, valid until the next call. Packages must be added in
 * the order of their names. */
struct closure_package *closure_add(struct closure *c, const char *name, const char *version);
/* Adds dependencies of a package, as Depends or Pre-Depends lists them; NULL: none. */
void closure_depends(struct closure_package *p, const char *field);
/* Adds names that it provides, as Provides lists them; NULL: none. */
void closure_provides(struct closure_package *p, const char *field);

/* Takes the i-th package. */
void closure_take(struct closure *c, size_t i);
/* Takes what fulfils a dependency, if anything does: "mawk | awk (>= 1)". */
void closure_take_target(struct closure *c, const char *dependency);
/* Takes what the taken ones depend on, and what that depends on, to the end. */
void closure_complete(struct closure *c);

/* Fills ret, which has room for all packages, with their indices in an order in which each stands
 * behind what it depends on, and is otherwise in the order of names. In a circle of dependencies
 * somebody has to be first: the one that the walk came to last. */
void closure_order(struct closure *c, size_t *ret);

void closure_release(struct closure *c);
