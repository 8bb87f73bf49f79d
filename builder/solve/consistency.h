/* SPDX-License-Identifier: MIT */
/*
 * Checks whether the solver's answer is complete and free of contradictions. It is judged by the
 * packages' own fields, without libsolv's notion of what provides what: every Depends and
 * Pre-Depends has an alternative in the set, no Conflicts or Breaks is about a package of it, and
 * no name is there twice. Versions are compared by version.h. A provided name without a version
 * satisfies only dependencies without one (Debian Policy 7.5).
 */
#pragma once

#include <solv/bitmap.h>

#include "solve/solver-pool.h"
#include "base/err.h"

/* ERR_BUILD naming the package and its dependency. */
int consistency_check(const struct solver_pool *pool, const Map *set, struct err *err);
