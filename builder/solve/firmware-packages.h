/* SPDX-License-Identifier: MIT */
/*
 * Debian's packages of firmware that the kernel loads into cards, and what each is for. The modules
 * of a kernel name their files (`modinfo -F firmware`), but which package has a file stands only in
 * the archive's Contents, a list of all files of all packages; so the packages stand in a table,
 * which was made from both. A package that is newer than the table is for some other card.
 */
#pragma once

#include "base/text.h"
#include "recipe/recipe.h"
#include "solve/solver-pool.h"

/* Appends the names of the packages that `which` stands for and that the pool has, sorted. */
void firmware_packages(const struct solver_pool *pool, enum card_firmware which, struct strv *ret);
