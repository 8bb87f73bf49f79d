/* SPDX-License-Identifier: MIT */
/*
 * The stage cache: what stages have made, kept in the store, so that a build does again only what a
 * change can reach. Three results are kept, each under the digest of all that it was made of
 * (stage-key.h):
 *
 *	base   the tree and the scratch directory after stage_base
 *	rest   the same after stage_rest: every package is configured
 *	tree   what stage_pack puts into the result: the packed tree, kernels and initrds
 *
 * with what the stages left in struct rootfs (rootfs/rootfs-state.h). A build starts behind the
 * last of them that the store has. With the tree it needs no sandbox, and only publishes; another
 * package finds the base, another setting or overlay the rest. The tree after stage_settings is not
 * kept: to make it takes less time than to write it down.
 *
 * An initramfs is kept by its own stage, with a recording of what it was made of
 * (rootfs/initramfs-parts.h).
 *
 * An entry (archive/stage-entries.h) counts only with the owner's tag, and its blobs are hashed
 * when they are opened; one that is damaged is removed with a warning, and the stage runs. The
 * blobs come first and the entry last, so that there is no half of one. Two builders of the same
 * thing write the same names, and the last one wins.
 *
 * Trees are kept for the sandbox of namespaces only: sandbox-guestfs would send each of them
 * through the serial port of its machine. What it has packed is kept.
 *
 * What a stage warns of is said when it runs, and not again when its result is taken from the
 * store.
 *
 *	r = stage_cache_find_tree(&cache, &rootfs, "auto", err);      cache.has_tree
 *	r = stage_cache_find(&cache, &rootfs, err);                   after stage_plan; cache.start
 *	r = stage_cache_keep(&cache, &rootfs, CACHED_BASE, err);      after stage_base
 *	r = stage_cache_keep_tree(&cache, &rootfs, &result, err);     after stage_pack
 *	r = stage_cache_take_tree(&cache, &rootfs, &result, err);     instead of it
 */
#pragma once

#include "command/stage-key.h"
#include "publish/result.h"

struct kept { /* a result out of the store */
	struct strv word;
	struct text state;
	struct text look; /* of a packed tree: result.look */
	int *fd;	  /* owned: its other blobs, in the order of their words */
	size_t count;
};

struct stage_cache {
	bool off;	    /* by --no-cache: nothing is taken, and nothing kept */
	struct text common; /* stage_key_begin() for the sandbox in use */
	struct kept tree;
	bool has_tree;
	int start;	   /* how many of the stages base and rest need not run */
	struct strv taken; /* names of the stages that did not run */
	char *sandbox;	   /* the one that made a tree out of the store, or NULL */
};

int stage_cache_find_tree(struct stage_cache *c, const struct rootfs *rootfs, const char *kind,
			  struct err *err);
/* Restores the tree after rest or base, if the store has one. */
int stage_cache_find(struct stage_cache *c, struct rootfs *rootfs, struct err *err);
/* Notes for the person who waits, and for provenance.json, that this stage did not run. */
void stage_cache_say(struct stage_cache *c, const char *stage);
/* A result that cannot be kept is a warning. */
int stage_cache_keep(struct stage_cache *c, const struct rootfs *rootfs, enum cached_stage stage,
		     struct err *err);
int stage_cache_keep_tree(struct stage_cache *c, const struct rootfs *rootfs,
			  const struct result *res, struct err *err);
int stage_cache_take_tree(struct stage_cache *c, struct rootfs *rootfs, struct result *res,
			  struct err *err);
/* The sandbox in which the tree was made. */
const char *stage_cache_sandbox(const struct stage_cache *c, const struct rootfs *rootfs);
void stage_cache_release(struct stage_cache *c);
