/* SPDX-License-Identifier: MIT */
/*
 * Solving on the ground of an earlier lock: every package stays at the version it has there, but
 * for those that are to be updated, and for what their new versions need. Versions that no index
 * lists any more are brought in from the store or, by hash, from a mirror.
 *
 *	hold_add          before universe_index(): what the indices have forgotten
 *	hold_pin          after it: pins, and takes back pins that stand in the way, with reasons
 *	hold_report       says what has moved and why, and gives what has not the lock's own entry
 */
#pragma once

#include "archive/lock.h"
#include "archive/mirror.h"
#include "archive/package.h"
#include "archive/universe.h"
#include "base/err.h"

struct hold {
	const struct lock *lock;       /* borrowed, as the next two */
	const struct strv *update;     /* names; each must be in the lock */
	const struct mirrors *mirrors; /* NULL: offline */
	struct strv moved;	       /* names without a pin… */
	struct strv reason;	       /* …and why, likewise */
};

/* ERR_NETWORK, at the lock's lines, if a version cannot be had any more. */
int hold_add(struct hold *h, struct universe *u, struct store *s, struct err *err);
/* ERR_USAGE if a name to update is not in the lock. */
int hold_pin(struct hold *h, struct universe *u, struct err *err);
/* The second half of hold_pin() (hold-loosen.c). */
void hold_loosen(struct hold *h, struct universe *u);
void hold_report(const struct hold *h, struct packages *packages);
void hold_release(struct hold *h);
