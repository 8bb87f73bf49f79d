/* SPDX-License-Identifier: MIT */
/*
 * Solving on the ground of an earlier lock: every package stays at the version it has there, but
 * for those that are to be updated, and for what their new versions need. Versions that no index
 * lists any more are brought in from the store or, by hash, from a mirror.
 *
 *	relock_add          before solver_pool_index(): what the indices have forgotten
 *	relock_pin          after it: pins, and takes back pins that stand in the way, with reasons
 *	relock_report       says what has moved and why, and gives what has not the lock's own entry
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
	struct strv moved;	       /* names without a pin… */
	struct strv reason;	       /* …and why, likewise */
};

/* ERR_NETWORK, at the lock's lines, if a version cannot be had any more. */
int relock_add(struct relock *relock, struct solver_pool *pool, struct store *s, struct err *err);
/* ERR_USAGE if a name to update is not in the lock. */
int relock_pin(struct relock *relock, struct solver_pool *pool, struct err *err);
void relock_report(const struct relock *relock, struct packages *packages);
void relock_release(struct relock *relock);
