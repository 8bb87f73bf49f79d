/* SPDX-License-Identifier: MIT */
/*
 * A new lock from an old one: every package stays at the version that the old lock has, except
 * those that are to be updated and those that the new versions take along. Versions that no index
 * lists any more come from the store or, by their hash, from a mirror.
 *
 *	relock_add      before solver_pool_index(): adds versions that no index lists any more
 *	relock_pin      after it: pins the old versions, and takes back the pins that stand in the
 *	                way of what is updated, each with a reason
 *	relock_report   after solving: says what moved and why. A package that did not move gets
 *	                back its entry of the old lock, wherever an index lists it by now
 */
#pragma once

#include "archive/lock.h"
#include "archive/mirror.h"
#include "deb/package.h"
#include "solve/solver-pool.h"
#include "base/err.h"

struct relock {
	const struct lock *lock;       /* borrowed, as the next two */
	const struct strv *update;     /* names; each must be in the lock */
	const struct mirrors *mirrors; /* NULL: offline */
	struct strv moved;	       /* names that are not pinned… */
	struct strv reason;	       /* …and why not, in the same order */
	struct strv stay_out; /* optional packages that the old lock is without, and that are not
				 to be updated, as the recipe says them */
};

/* ERR_NETWORK, at the lock's line, if a version cannot be had any more. */
int relock_add(struct relock *relock, struct solver_pool *pool, struct store *s, struct err *err);
/* ERR_USAGE if a name to update is not in the lock. */
int relock_pin(struct relock *relock, struct solver_pool *pool, struct err *err);
void relock_report(const struct relock *relock, const struct solver_pool *pool,
		   struct packages *packages);
void relock_release(struct relock *relock);
