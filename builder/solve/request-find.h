/* SPDX-License-Identifier: MIT */
/*
 * The package that an item of the recipe means ("name", "name=version", "name/suite"), and the
 * words for one that is not there.
 */
#pragma once

#include "base/err.h"
#include "base/text.h"
#include "recipe/recipe-list.h"
#include "solve/solver-pool.h"

/* The name without a version ("=") or suite ("/"). Caller frees. */
char *request_name(const char *wanted);
/* The package that "name", "name=version" or "name/suite" means: the best of them, or the pinned
 * one. *ret is 0 with return 0 if no package is called that; a version or suite that is not there
 * is an error, and so is a name of which pins allow no version. */
int request_find(const struct solver_pool *pool, const struct recipe_name *wanted, Id *ret,
		 struct err *err);
/* The error for a name that no package has: ERR_USAGE at the recipe's line, with similar names. */
int request_unknown(const struct solver_pool *pool, const struct recipe_name *wanted,
		    struct err *err);
/* The same for a name of which the pins allow no version. */
int request_never(const struct recipe_name *wanted, struct err *err);
/* Adds the hint about similar names (may be none) and components to an error about unknown ones. */
int request_hint_unknown(const struct solver_pool *pool, const struct strv *near, struct err *err);

/* The recipe's suite, for messages. */
const char *request_suite(const struct solver_pool *pool);
/* The packages that provide the name, sorted. */
void request_providers(const struct solver_pool *pool, const char *name, struct strv *ret);
