/* SPDX-License-Identifier: MIT */
/*
 * What has to be in the image and what must not, each with the one who asked: the recipe at a line,
 * or a rule (Essential, a priority, what every image needs). In this order, which breaks ties.
 */
#pragma once

#include "solve/solver-pool.h"
#include "base/err.h"
#include "recipe/recipe.h"

enum request_origin {
	REQUEST_ESSENTIAL,
	REQUEST_ALWAYS,	  /* apt, debconf */
	REQUEST_PRIORITY, /* may be dropped in favour of what the recipe names */
	REQUEST_RECIPE,
	REQUEST_KERNEL,
	REQUEST_LOCAL,
	REQUEST_EXCLUDE,
};

struct request {
	enum request_origin origin;
	char *name;
	enum priority priority; /* of REQUEST_PRIORITY */
	struct position at;	/* line 0: none */
	bool is_virtual;	/* no package is called that, but some provide it */
	bool dropped;
};

struct requests {
	struct request *item;
	size_t count;
	size_t allocated;
};

/* Reads the recipe against an indexed pool; pins versions and suites, and makes the pool
 * solvable. ERR_USAGE at the recipe's line for names that are not there. */
int requests_make(struct solver_pool *pool, const struct recipe *recipe, struct requests *ret,
		  struct err *err);
void requests_release(struct requests *r);

/* "name", "name=version" or "name/suite" to the package meant: the best of them, or
 * the pinned one. *ret is 0 with
 * return 0 if no package is called that; a version or suite that is not there is an error. */
int request_find(const struct solver_pool *pool, const struct recipe_name *wanted, Id *ret,
		 struct err *err);
/* ERR_USAGE at the recipe's line, with names that are near. */
int request_unknown(const struct solver_pool *pool, const struct recipe_name *wanted,
		    struct err *err);

/* "(asked for at recipes/x.yaml:12)", "(essential)" … appended to ret. */
void request_text(const struct request *r, struct text *ret);
