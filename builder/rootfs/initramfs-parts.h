/* SPDX-License-Identifier: MIT */
/*
 * What the files of stage_initramfs share: initramfs.c runs the steps, initramfs-tools.c and
 * initramfs-dracut.c know the two programs that can make an initramfs, initramfs-generator.c
 * chooses between them, initramfs-check.c knows what must be in one of either, initramfs-record.c
 * keeps what was made in the store.
 */
#pragma once

#include "base/digest.h"
#include "rootfs/initramfs.h"

#define INITRAMFS_PACKAGES_MAX 5

/* A program that makes an initramfs. */
struct initramfs_generator {
	const char *name;    /* of its package */
	const char *program; /* for messages */
	const char *path;    /* it is installed if this is there */
	/* Its own, then those without which it makes no initramfs that boots over the network. */
	const char *package[INITRAMFS_PACKAGES_MAX];
	/* The one that brings the program of `initramfs.compress`, for a generator that does not
	 * take another where it is missing; else NULL. */
	const char *(*compressor_package)(const char *compress);
	const char *command; /* for sh(1); $1 is the release of the kernel */
	/* Writes what the recipe says to where the program reads it. */
	int (*configure)(struct rootfs *rootfs, struct err *err);
};

extern const struct initramfs_generator initramfs_tools;
extern const struct initramfs_generator initramfs_dracut;

/* The one that the recipe chooses. */
const struct initramfs_generator *initramfs_generator(const struct recipe *recipe);

/* An initramfs of another build, in the store under the digest of all that decides what the program
 * does, but for the tree: of that the entry has a recording (sandbox/recording.h). Under one key a
 * few entries are kept, those of the newest trees. An entry is three words in the fact of
 * archive/stage-entries.h: the digests of the recording, of a tar of what the program has made, and
 * of its log. */
struct initramfs_entries {
	struct rootfs *rootfs; /* borrowed */
	char *stage;	       /* owned: the stage's name in the store; NULL: nothing is kept */
	char key[DIGEST_HEX];
	struct strv word;
};
/* Finds the entries of rootfs->kernel; none where rootfs->made_by is NULL or the sandbox cannot
 * record. script: what is run. */
int initramfs_entries_find(struct rootfs *rootfs, const char *script, struct initramfs_entries *ret,
			   struct err *err);
/* 1: the tree has all that one of them was made of; what that has is laid, and *ret_log is its log.
 * 0: there is none. */
int initramfs_entries_use(struct initramfs_entries *e, struct text *ret_log, struct err *err);
/* After the program was run and recorded. What cannot be kept is a warning. */
int initramfs_entries_keep(struct initramfs_entries *e, const struct text *log, struct err *err);
void initramfs_entries_release(struct initramfs_entries *e);
