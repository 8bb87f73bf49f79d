/* SPDX-License-Identifier: MIT */
/*
 * A build is a row of stages (pipeline.c has their order). A stage is a function of the build
 * (stages.c): it fills what those after it read, and knows nothing of them. The work itself is done
 * by the module that it calls.
 *
 *	CLEANUP(build_release) struct build b = BUILD_INIT;
 *	const struct build_options options = { .recipe = "recipes/minimal.yaml", .out = "out" };
 *	r = pipeline_build(&b, &options, err);
 *	...b.done is the result's directory...
 */
#pragma once

#include <stdbool.h>

#include "archive/index.h"
#include "archive/lock.h"
#include "archive/mirror.h"
#include "base/store.h"
#include "base/err.h"
#include "command/stage-cache.h"
#include "publish/result.h"
#include "recipe/recipe.h"
#include "rootfs/rootfs.h"
#include "sandbox/limits.h"

struct build_options {
	const char *recipe;
	const struct strv *site, *set; /* laid over the recipe (struct recipe_source); NULL: none */
	const char *set_directory; /* where relative paths in set start; NULL: the current one */
	const struct strv
		*allow;	  /* what the recipe may read besides its own folder; NULL: nothing */
	const char *lock; /* file of a lock to build exactly; NULL: resolve */
	const char *keep; /* file of a lock whose versions stay; NULL: none */
	const struct strv *update; /* packages to update in spite of it; NULL without keep */
	const char *out;
	const char *store;   /* NULL: the default */
	const char *mirror;  /* URL; NULL: those of this machine's apt, then the recipe's */
	const char *keyring; /* NULL: Debian's */
	const char *sandbox; /* auto, namespace or guestfs; NULL: auto */
	struct sandbox_limits limits; /* of what scripts take; zeroed: the defaults */
	const char *sign;	      /* a key (signature.h), or NULL: no signature */
	unsigned jobs;		      /* 0: one a processor */
	bool offline;
	bool no_cache;
};

struct build {
	const struct build_options *options;
	struct store *store;
	struct recipe recipe;
	struct mirrors mirrors;
	struct indices indices;
	struct packages packages;
	struct lock lock;
	struct rootfs rootfs;
	struct stage_cache cache;
	struct signer signer;
	struct result result;
	char *log_path; /* of the sandbox's full log */
	int log_fd;
	char *done; /* the finished result's path; set early if it was there already */
	bool up_to_date;
};

/* Runs all stages. On success b->done is OUT/RECIPE/VERSION. The options must outlive the build. */
int pipeline_build(struct build *b, const struct build_options *options, struct err *err);
/* Runs those up to the lock, which is then in b->lock. */
int pipeline_lock(struct build *b, const struct build_options *options, struct err *err);
/* Reads the recipe of these options; nothing else is done. */
int build_load_recipe(const struct build_options *options, struct recipe *ret, struct err *err);
void build_release(struct build *b);
#define BUILD_INIT                                                                                 \
	{                                                                                          \
		.result = RESULT_INIT, .log_fd = -1                                                \
	}

/* The stages, in the order in which pipeline_build() runs them. */
int build_recipe(struct build *b, struct err *err);
int build_signer(struct build *b, struct err *err);
int build_index(struct build *b, struct err *err);
int build_solve(struct build *b, struct err *err);
int build_lock(struct build *b, struct err *err);
int build_begin(struct build *b, struct err *err);
int build_cache(struct build *b, struct err *err);
int build_sandbox(struct build *b, struct err *err);
int build_fetch(struct build *b, struct err *err);
int build_plain(struct build *b, struct err *err);
int build_inspect(struct build *b, struct err *err);
int build_plan(struct build *b, struct err *err);
int build_base(struct build *b, struct err *err);
int build_rest(struct build *b, struct err *err);
int build_settings(struct build *b, struct err *err);
int build_initramfs(struct build *b, struct err *err);
int build_normalise(struct build *b, struct err *err);
int build_check(struct build *b, struct err *err);
int build_pack(struct build *b, struct err *err);
int build_publish(struct build *b, struct err *err);
