/* SPDX-License-Identifier: MIT */
/*
 * Which packages of an answer form the base: Essential ones, every target of a Pre-Depends of any
 * package of the set, debconf and apt, base-files and base-passwd, and the dependencies of all
 * these. Those are unpacked and configured first, so that everything else can be configured at
 * once.
 */
#pragma once

#include <solv/bitmap.h>

#include "solve/solver-pool.h"

/* set, ret_base: by solvable, as large as the pool. */
void base_set_find(const struct solver_pool *pool, const Map *set, Map *ret_base);
