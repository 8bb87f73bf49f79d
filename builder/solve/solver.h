/* SPDX-License-Identifier: MIT */
/* The solver: from requests to a set of solvables. resolve.h and alternatives.h have the rules. */
#pragma once

#include <solv/bitmap.h>

#include "solve/request.h"
#include "solve/solver-pool.h"
#include "base/err.h"

/* ret_set gets all solvables of the answer, ret_requested those that requests stand for; the others
 * are dependencies of these. Both must have been map_init()ed to the pool's size. Requests that
 * come from a priority and contradict the recipe are dropped, with a note. ERR_USAGE, explained, if
 * the others cannot be met. Then the optional ones are taken up one after the other, each if it can
 * be met together with all that are there by then; the others are left out, with a note. */
int solver_find(struct solver_pool *pool, struct requests *requests, bool recommends, Map *ret_set,
		Map *ret_requested, struct err *err);
