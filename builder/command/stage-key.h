/* SPDX-License-Identifier: MIT */
/*
 * The key of a stage's result: the SHA-256 of a text that names all that the result depends on.
 *
 *	all     bytes-epoch, this program and the sandbox's helper (their content), the libraries
 *	        that they load (versions), the kind of sandbox, SOURCE_DATE_EPOCH, architectures
 *	base    the values of the recipe that stage_base may read; the packages of its phases in
 *	        their order; the kernels and locales that it is told of
 *	rest    those and the values of stage_rest; all packages of the image; its kernels
 *	tree    those and the values of all stages until the tree is packed; all packages of the
 *	        image, and its compressor
 *
 * A value of the recipe that names files stands with the digest of their content (recipe-view.h).
 * Whether the tree lies in memory or on disk, how many processors work and what scripts may take of
 * the machine is not in it, because no result depends on that; `netrescue verify` varies them.
 *
 * While a stage runs it is shown what its key has, and no more: stage_view_enter() exchanges recipe
 * and lock in struct rootfs for views, in which the packages that the key does not name are not
 * there and nothing else can be read (recipe-view.h).
 */
#pragma once

#include "base/digest.h"
#include "base/err.h"
#include "rootfs/rootfs.h"

enum cached_stage { CACHED_BASE, CACHED_REST, CACHED_TREE };
#define CACHED_STAGES 3

/* What all keys begin with, for that kind of sandbox (namespace, guestfs). */
int stage_key_begin(const struct lock *lock, const char *kind, struct text *ret, struct err *err);
/* common: by stage_key_begin(). For the tree rootfs needs no more than recipe and lock; for the
 * others stage_plan() must have run. */
void stage_key(const struct rootfs *rootfs, enum cached_stage stage, const struct text *common,
	       char ret[DIGEST_HEX]);

struct stage_view {
	const struct recipe *recipe; /* the whole ones, while the view is in force */
	const struct lock *lock;
	struct phase rest;
	struct recipe *recipe_view; /* owned */
	struct lock *lock_view;	    /* owned */
};
void stage_view_enter(struct stage_view *view, struct rootfs *rootfs, enum cached_stage stage);
void stage_view_leave(struct stage_view *view, struct rootfs *rootfs);
