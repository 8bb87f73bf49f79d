/* SPDX-License-Identifier: MIT */
/*
 * What has to be in the image and what must not, each with its origin: a line of the recipe, or a
 * rule (Essential, a priority, what every image needs). The order of the list breaks ties.
 */
#pragma once

#include "solve/solver-pool.h"
#include "base/err.h"
#include "recipe/recipe.h"

/* Packages that every image has, whatever the recipe says, and that belong to its base. */
struct every_image {
	const char *name;
	bool requested; /* false: Debian flags it Essential, so it need not be asked for */
};
extern const struct every_image every_image[]; /* ends with a name that is NULL */

enum request_origin {
	REQUEST_ESSENTIAL,
	REQUEST_ALWAYS,	  /* every_image[] */
	REQUEST_PRIORITY, /* may be dropped in favour of what the recipe names */
	REQUEST_FIRMWARE, /* firmware-packages.h */
	REQUEST_RECIPE,
	REQUEST_KERNEL,
	REQUEST_LOCAL,
	REQUEST_EXCLUDE,
};

struct request {
	enum request_origin origin;
	char *name;		/* as in multi-arch.h */
	enum priority priority; /* of REQUEST_PRIORITY */
	struct position at;	/* line 0: none */
	bool is_virtual;	/* no package is called that, but some provide it */
	bool dropped;
	/* What the recipe says of a package that the image can do without, "nvtop?": such a request
	 * is dropped at first, and taken up where it fits the others (solver.h). NULL for others.
	 */
	char *optional;
	bool left_out; /* it cannot be had */
	Id pin;	       /* the version that an optional request is about; 0: any */
};

struct requests {
	struct request *item;
	size_t count;
	size_t allocated;
};

/* Reads the recipe against an indexed pool; pins versions and suites, and makes the pool
 * solvable. ERR_USAGE at the recipe's line for names that are not there, unless they are optional.
 * stay_out: optional packages, as the recipe says them, that are to be left out; NULL: none. */
int requests_make(struct solver_pool *pool, const struct recipe *recipe,
		  const struct strv *stay_out, struct requests *ret, struct err *err);
void requests_release(struct requests *requests);

/* Leaves an optional request out, with a note that says why. */
void request_leave_out(struct request *request, const char *why);

/* "(asked for at recipes/x.yaml:12)", "(essential)" … appended to ret. */
void request_text(const struct request *request, struct text *ret);
