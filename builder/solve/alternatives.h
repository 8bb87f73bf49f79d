/* SPDX-License-Identifier: MIT */
/*
 * The choice among alternatives, as apt makes it. libsolv treats "a | b" as equals and would take
 * opensysusers for systemd; Debian's rule is: the first alternative that can be installed. So
 * before libsolv is asked, the dependencies are walked, beginning with the requests:
 *
 *   - all requests are taken first, then the dependencies of each, depth first: Pre-Depends before
 *     Depends before (if wanted) Recommends, each in the order of the control file;
 *   - a dependency that a package taken before satisfies brings nothing new;
 *   - the providers of one alternative are preferred by these rules, of which the first that tells
 *     them apart decides: it was requested; it has that very name, of whichever architecture; it is
 *     Essential; it is of the image's own architecture rather than a foreign one; it is of an
 *     architecture rather than "all"; its priority is higher; it brings fewer packages with it; its
 *     name comes first;
 *   - a package that conflicts with one taken before, or cannot have its own dependencies, is
 *     passed over.
 *
 * The result is a proposal. libsolv gets it as weak wishes and has the last word; what it refuses
 * is noted in `refused`, and the walk is done again without it (resolve.c).
 */
#pragma once

#include <solv/bitmap.h>
#include <solv/queue.h>

#include "solve/solver-pool.h"

struct alternatives {
	const struct solver_pool *pool; /* borrowed */
	bool recommends;
	bool weighing; /* a provider is only being tried out: nothing that it takes stays taken */
	Map requested; /* by solvable, as the three below */
	Map taken;
	Map blocked; /* conflicts with what was taken, or failed */
	Map refused; /* by libsolv; kept from walk to walk */
	Queue order; /* in the order of taking; also holds some that were given back */
	/* Pairs: a provider that was preferred to its equals by the number of packages or by name
	 * only, and the name that it provides. They are those of the last choice of requests
	 * and the walk after it, which took them. */
	Queue ties;
};

void alternatives_init(struct alternatives *a, const struct solver_pool *pool, bool recommends);
void alternatives_release(struct alternatives *a);

/* Requests in order: solvables, all different. Afterwards `taken` and `order` are the proposal. */
void alternatives_walk(struct alternatives *a, const Queue *requests);

/* The best provider of a name, for a request that is virtual; 0 if all are refused. To be called
 * before a walk: it forgets what was taken. */
Id alternatives_provider(struct alternatives *a, Id name);

/* Finds the packages of `set` that the requests need, through whichever alternative; nothing needs
 * the rest. */
void alternatives_needed(const struct alternatives *a, const Queue *requests, const Map *set,
			 Map *ret_needed);
