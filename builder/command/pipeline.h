/* SPDX-License-Identifier: MIT */
/*
 * The stages in order. A stage is a name and a function of the build; each fills what the ones
 * after it read and knows nothing of them. What a stage does is written in the module it calls.
 */
#pragma once

#include <stdbool.h>

#include "archive/index.h"
#include "archive/lock.h"
#include "archive/mirror.h"
#include "base/store.h"
#include "base/err.h"
#include "publish/result.h"
#include "recipe/recipe.h"
#include "rootfs/rootfs.h"

struct build_options {
	const char *recipe;
	const char *lock;	   /* --lock FILE, or NULL: resolve */
	const char *keep;	   /* lock FILE whose versions stay, but for… */
	const struct strv *update; /* …these; NULL without keep */
	const char *out;
	const char *store;   /* NULL: the default */
	const char *mirror;  /* --mirror URL, or NULL */
	const char *keyring; /* NULL: Debian's */
	const char *sandbox; /* auto | namespace */
	const char *sign;    /* --sign KEY, or NULL */
	unsigned jobs;	     /* 0: one a processor */
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
	struct signer signer;
	struct result result;
	char *log_path; /* of the sandbox's full log */
	int log_fd;
	char *done; /* the finished result's path; set early if it was there already */
	bool up_to_date;
};

/* Runs all stages. On success b->done is out/RECIPE/VERSION. */
int pipeline_build(struct build *b, const struct build_options *options, struct err *err);
/* Runs them up to the lock. */
int pipeline_lock(struct build *b, const struct build_options *options, struct err *err);
void build_release(struct build *b);
#define BUILD_INIT                                                                                 \
	{                                                                                          \
		.result = RESULT_INIT, .log_fd = -1                                                \
	}

/* The stages' functions (stages.c). */
int build_recipe(struct build *b, struct err *err);
int build_index(struct build *b, struct err *err);
int build_solve(struct build *b, struct err *err);
int build_lock(struct build *b, struct err *err);
int build_signer(struct build *b, struct err *err);
int build_begin(struct build *b, struct err *err);
int build_sandbox(struct build *b, struct err *err);
int build_fetch(struct build *b, struct err *err);
int build_plain(struct build *b, struct err *err);
int build_base(struct build *b, struct err *err);
int build_rest(struct build *b, struct err *err);
int build_settings(struct build *b, struct err *err);
int build_initramfs(struct build *b, struct err *err);
int build_normalise(struct build *b, struct err *err);
int build_pack(struct build *b, struct err *err);
int build_publish(struct build *b, struct err *err);
