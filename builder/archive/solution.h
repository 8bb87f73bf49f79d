/* SPDX-License-Identifier: MIT */
/* The solving itself: requests in, a set of solvables out. See solve.h and choice.h for the
 * rules. */
#pragma once

#include <solv/bitmap.h>

#include "archive/request.h"
#include "archive/universe.h"
#include "base/err.h"

/* Drops requests of priorities that contradict the recipe. ret_set must be map_init()ed to the
 * pool's size. ret_requested gets the solvables that requests stand for, the rest is there for
 * them. */
int solution_find(struct universe *u, struct requests *requests, bool recommends, Map *ret_set,
		  Map *ret_requested, struct err *err);
