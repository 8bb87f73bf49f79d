/* SPDX-License-Identifier: MIT */
/*
 * What the files of stage_initramfs share: initramfs.c runs the steps, initramfs-tools.c and
 * initramfs-dracut.c know the two programs that can make an initramfs, initramfs-generator.c
 * chooses between them, initramfs-check.c knows what must be in one of either.
 */
#pragma once

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
