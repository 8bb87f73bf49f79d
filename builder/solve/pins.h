/* SPDX-License-Identifier: MIT */
/*
 * The priorities of versions, as the recipe's `pins` and the `priority` of its apt-repositories say
 * them, by the rules of apt_preferences(5):
 *
 *   - pins of all packages ("*", the general form) give an archive's packages their priority; of
 *     those that fit an archive the first counts. Where none does, it is what apt-repositories
 *     says, and then what the Release says (release.h);
 *   - pins of certain packages, of patterns or sources come before these; of those that fit a
 *     version the first counts. Without an architecture they are about the image's own;
 *   - a version that several archives have gets the highest of its priorities, and is meant by a
 *     pin if one of these archives is.
 *
 * What a priority then means is said in solver-pool.h. NAME=VERSION and NAME/SUITE in `packages`
 * come before all priorities, as with apt.
 */
#pragma once

#include "solve/solver-pool.h"
#include "recipe/recipe.h"

/* Sets the priorities of a pool that is indexed. A pin that fits nothing is reported, since it may
 * be a slip. */
void pins_apply(struct solver_pool *pool, const struct recipe *recipe);
