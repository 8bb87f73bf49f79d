/* SPDX-License-Identifier: MIT */
/*
 * Which packages of an answer form the base, as the lock flags them: the Essential ones, those of
 * every image (request.h), every target of a Pre-Depends of any package of the set, and what all
 * these depend on (closure.h). They are unpacked and configured first, so that everything else can
 * be configured at once.
 */
#pragma once

#include <solv/bitmap.h>

#include "solve/solver-pool.h"

/* set, ret_base: by solvable, as large as the pool. */
void base_set_find(const struct solver_pool *pool, const Map *set, Map *ret_base);
