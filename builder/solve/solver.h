/* SPDX-License-Identifier: MIT */
/* The solving itself: requests in, a set of solvables out. See resolve.h and alternatives.h for the
 * rules. */
#pragma once

#include <solv/bitmap.h>

#include "solve/request.h"
#include "solve/solver-pool.h"
#include "base/err.h"

/* Drops requests of priorities that contradict the recipe. ret_set must be map_init()ed to the
 * pool's size. ret_requested gets the solvables that requests stand for, the rest is there for
 * them. */
int solver_find(struct solver_pool *pool, struct requests *requests, bool recommends, Map *ret_set,
		Map *ret_requested, struct err *err);
