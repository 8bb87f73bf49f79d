/* SPDX-License-Identifier: MIT */
/*
 * The set of packages, as apt would choose it, by libsolv. Debian's rule is "the first alternative
 * that can be installed", which libsolv does not know: so it is told what to prefer
 * (alternatives.h) and asked again until nothing changes. A request that cannot be met is an
 * ERR_USAGE error at the line of the recipe that asked, with the chain of dependencies that leads
 * to the conflict (explain.h).
 *
 * These are asked for: Essential packages, apt and debconf; the recipe's priorities, packages,
 * kernel and local .debs. What the recipe names wins over what a priority selects: where both
 * cannot be, the latter is left out, with a note.
 */
#pragma once

#include "solve/relock.h"
#include "archive/index.h"
#include "deb/package.h"
#include "base/store.h"
#include "solve/solver-pool.h"
#include "base/err.h"
#include "recipe/recipe.h"

/* The image's packages (with .automatic, .base and .essential filled) and the boot packages,
 * sorted. Local .debs of the recipe take part as candidates and are always installed. The answer is
 * checked afterwards: it is consistent (consistency.h), and if there is a kernel, /sbin/init
 * belongs to a package (systemd-sysv, sysvinit-core, …) that fits the recipe's `init`. relock:
 * NULL, or the old lock whose versions are to be kept (relock.h). */
int solve(struct store *s, const struct recipe *recipe, const struct indices *indices,
	  struct relock *relock, struct packages *ret, struct err *err);

/* For tests: the same from a pool that is indexed already, without a lock to keep. */
int resolve_pool(struct solver_pool *pool, const struct recipe *recipe, struct packages *ret,
		 struct err *err);
