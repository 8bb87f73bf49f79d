/* SPDX-License-Identifier: MIT */
/*
 * stage_initramfs: the initramfs of a tree, made by the image's own initramfs-tools or dracut,
 * once, when nothing else will change any more. What is in it depends on the tree alone: in the
 * sandbox every host looks the same, and settings_console() has kept the keymap ready that setupcon
 * copies.
 */
#pragma once

#include "base/err.h"
#include "rootfs/rootfs.h"

#define INITRAMFS_OVERLAY_SCRIPT "scripts/nfs-bottom/rescue-overlay"

/* Checks that the lock has the packages that the recipe's initramfs.generator needs, if the image
 * has a kernel: ERR_USAGE names the first that is missing. */
int initramfs_check_packages(const struct recipe *recipe, const struct lock *lock, struct err *err);

/* Looks into the finished initramfs: whether it can mount a root over NFS, has the recipe's modules
 * and, if the root is exported read-only, the script that lays memory over it. ERR_BUILD or
 * ERR_USAGE says what is missing. Nothing in it may be called tmpkbd.*: that would be a keymap that
 * was compiled on the spot, under a name that differs from build to build. */
int initramfs_check(struct rootfs *rootfs, struct err *err);
