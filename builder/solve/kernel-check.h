/* SPDX-License-Identifier: MIT */
/* Whether the recipe's `kernel` can be one, as far as the indices tell: they have the names of
 * packages, not of files. What is not refused here is judged by the files, once the packages are
 * there (rootfs/kernels.h). */
#pragma once

#include "base/err.h"
#include "recipe/recipe.h"
#include "solve/solver-pool.h"

/* ERR_USAGE, at the place of `kernel`, if neither that package nor anything of the set that it
 * depends on is called like a kernel, provides one, or is a local .deb. */
int kernel_check(const struct solver_pool *pool, const Map *set, const struct recipe *recipe,
		 struct err *err);
