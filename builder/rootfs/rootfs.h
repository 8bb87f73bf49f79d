/* SPDX-License-Identifier: MIT */
/*
 * Packages into a tree: eight stages of the build, each of the same form. command/stages.c fills
 * the borrowed fields, opens the sandbox and runs the stages in this order, each once; each builds
 * on what the ones before left in the tree and in struct rootfs.
 *
 *	stage_inspect    looks into the packages before any is installed (inspect.h)
 *	stage_plan       in which order they are installed; nothing is, yet (phases.h)
 *	stage_base       the essential packages and the rest of the base (bootstrap.h)
 *	stage_rest       all other packages; then everything is configured (bootstrap.h)
 *	stage_settings   what the recipe says about the system itself, and its overlays (settings.h)
 *	stage_initramfs  the initramfs, nothing if there is no kernel (initramfs.h)
 *	stage_normalise  takes away what would differ in the next build (normalise.c)
 *	stage_check      the recipe's checks of the finished tree (hooks.h)
 *
 * A stage returns 0, or a negative value with *err set. ERR_USAGE is about a value of the recipe,
 * with its position where there is one; ERR_TRUST says that an input is not what the lock names;
 * everything else is ERR_BUILD. The caller says which stage it was. A tree whose stage has failed
 * is of no further use.
 */
#pragma once

#include "archive/lock.h"
#include "recipe/recipe.h"
#include "rootfs/file-log.h"
#include "rootfs/kernels.h"
#include "rootfs/phases.h"
#include "sandbox/sandbox.h"

struct rootfs {
	struct store *store;	     /* borrowed */
	const struct recipe *recipe; /* borrowed */
	const struct lock *lock;     /* borrowed */
	struct sandbox *sandbox;     /* owned */
	unsigned jobs;		     /* processors to use at once, at least 1 */

	/* Owned: all kernels of the image, from stage_inspect on. */
	struct kernels kernels;
	/* Borrowed from them: the release of the kernel that the recipe's `kernel` stands for,
	 * "6.12.107+deb13-amd64" (while stage_initramfs runs, of each in turn). NULL for
	 * `kernel: none`: then a kernel among the packages is a package like others, and there is
	 * no initramfs, nor anything to boot. */
	const char *kernel;
	struct phases phases;	   /* owned: from stage_plan on */
	struct strv allocated_ids; /* owned: "user NAME UID" and "group NAME GID", those that no
				    * ids: fixed; from stage_rest on */
	struct strv locale_lines;  /* owned: of each locale of the recipe (locale-lines.h), from
				    * stage_plan on; empty without the package locales */
	bool locales_made;	   /* locale-gen has run for them while packages were unpacked */
	struct file_log file_log;  /* owned: which files no package brought, for the SBOMs */
	/* Borrowed: names all that decides what a command does in the sandbox, but for the tree,
	 * the kernel and the command (initramfs-record.c). NULL: no initramfs is kept or reused. */
	const char *made_by, *made_for; /* the latter is the recipe's name */
	uint64_t steps;			/* how many the running stage has done, for its progress */
};

int stage_inspect(struct rootfs *rootfs, struct err *err);
int stage_plan(struct rootfs *rootfs, struct err *err);
int stage_base(struct rootfs *rootfs, struct err *err);
int stage_rest(struct rootfs *rootfs, struct err *err);
int stage_settings(struct rootfs *rootfs, struct err *err);
int stage_initramfs(struct rootfs *rootfs, struct err *err);
int stage_normalise(struct rootfs *rootfs, struct err *err);
int stage_check(struct rootfs *rootfs, struct err *err);
/* Closes the sandbox too; the tree is gone then. */
void rootfs_release(struct rootfs *rootfs);
