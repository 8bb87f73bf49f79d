/* SPDX-License-Identifier: MIT */
/*
 * The initramfs of a tree, made by the image's own initramfs-tools, once, when nothing else will
 * change any more. What it holds depends on the tree alone: the sandbox shows every host as the
 * same one, and settings_console() has seen to it that setupcon finds its keymap ready.
 */
#pragma once

#include "base/err.h"
#include "rootfs/rootfs.h"

#define INITRAMFS_CONF "/etc/initramfs-tools/conf.d/netrescue"
#define INITRAMFS_OVERLAY_SCRIPT "scripts/nfs-bottom/rescue-overlay"

/* Looks into the finished initramfs: can it mount a root over NFS, does it have the recipe's
 * modules, and, if the root is exported read-only, the script that lays memory over it? Says
 * what is missing. Nothing in it may be named tmpkbd.*: a keymap compiled on the spot, under a
 * name that is another each time. */
int initramfs_check(struct rootfs *rootfs, struct err *err);
