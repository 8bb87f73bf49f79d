/* SPDX-License-Identifier: MIT */
/*
 * Packages into a tree: the stages base, rest, settings, initramfs, normalise, each of the same
 * form, run in this order by command/pipeline.c. The context is the open sandbox and what was
 * decided before.
 */
#pragma once

#include "archive/lock.h"
#include "recipe/recipe.h"
#include "rootfs/file-log.h"
#include "rootfs/phases.h"
#include "sandbox/sandbox.h"

struct rootfs {
	struct store *store;	     /* borrowed */
	const struct recipe *recipe; /* borrowed */
	const struct lock *lock;     /* borrowed */
	struct sandbox *sandbox;     /* owned */
	unsigned jobs;
	/* Owned: the release of the kernel that the recipe's `kernel` stands for,
	 * "6.12.107+deb13-amd64". NULL for `kernel: none`: then a kernel among the packages is a
	 * package like others, and there is no initramfs, nor anything to boot. */
	char *kernel;
	struct phases phases;	   /* owned: made by stage_base, used by stage_rest too */
	struct strv allocated_ids; /* "user name uid" / "group name gid" that no ids: fixed */
	struct file_log file_log;
	uint64_t steps; /* done of the running stage, for its progress */
};

int stage_base(struct rootfs *rootfs, struct err *err);	     /* bootstrap.c */
int stage_rest(struct rootfs *rootfs, struct err *err);	     /* bootstrap.c */
int stage_settings(struct rootfs *rootfs, struct err *err);  /* settings.c, overlay.c */
int stage_initramfs(struct rootfs *rootfs, struct err *err); /* initramfs.c */
int stage_normalise(struct rootfs *rootfs, struct err *err); /* normalise.c */
void rootfs_release(struct rootfs *rootfs);
