/* SPDX-License-Identifier: MIT */
/*
 * The package set (libsolv), as apt would choose it: Debian's rule is "the first alternative that
 * can be installed", which libsolv does not know, so the answer is steered (alternatives.h) and
 * solved again until nothing changes. An unsatisfiable request is an ERR_USAGE error at the recipe
 * line that asked, with the chain of dependencies that leads to the conflict (explain.h).
 *
 * What is asked for: Essential packages, apt and debconf; the recipe's priorities, packages, kernel
 * and local .debs. What the recipe names wins over what a priority selects: the latter is left out,
 * with a note, where both cannot be.
 */
#pragma once

#include "solve/relock.h"
#include "archive/index.h"
#include "deb/package.h"
#include "base/store.h"
#include "solve/solver-pool.h"
#include "base/err.h"
#include "recipe/recipe.h"

/* Image packages (with .automatic, .base, .essential filled) and boot packages, sorted. Local .debs
 * of the recipe take part as candidates and are always installed. Checked afterwards: the answer is
 * consistent (consistency.h); a kernel means /sbin/init has an owner (systemd-sysv, sysvinit-core,
 * …) that fits the recipe's `init`. hold: NULL, or the lock whose versions are to be kept
 * (relock.h). */
int solve(struct store *s, const struct recipe *recipe, const struct indices *indices,
	  struct relock *relock, struct packages *ret, struct err *err);

/* The same over a pool that is indexed, for tests. */
int resolve_pool(struct solver_pool *pool, const struct recipe *recipe, struct packages *ret,
		 struct err *err);
