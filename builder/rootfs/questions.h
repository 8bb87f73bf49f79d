/* SPDX-License-Identifier: MIT */
/*
 * What the packages of the tree ask through debconf: their templates (debconf-devel(7)), compared
 * with the answers that the recipe gives (recipe/debconf.h). Nobody is there to be asked, so a
 * question without an answer has its default, or the script that asks it fails.
 */
#pragma once

#include "base/err.h"
#include "rootfs/rootfs.h"

/* Warns, at its place in the recipe, of each answer that nobody asked for, or that is none of the
 * choices. For when all packages are configured. */
int questions_check(struct rootfs *rootfs, struct err *err);

/* What may help a script that failed: the answers that its package asks for and the recipe leaves
 * open, as lines of the recipe; NULL if there are none. package: its name; failed: that as
 * dpkg gives it, or the path of the .deb if that is not unpacked yet. The caller frees it. */
char *questions_help(struct rootfs *rootfs, const char *package, const char *failed);
