/* SPDX-License-Identifier: MIT */
/*
 * The kernels of an image, found in its packages once they are in the store and before anything is
 * installed. A kernel is a file /boot/vmlinuz-RELEASE (deb_kernels()), whatever its package is
 * called: Debian's linux-image-*, a vendor's, one of the recipe's own `debs`.
 *
 * The recipe's own kernel is the one that the package `kernel`, or who provides it, brings itself,
 * or else the newest of those that it depends on, directly or not. All others, such as one of
 * backports beside the suite's, are in the image as well and can be booted, too: each gets an
 * initramfs and entries in the menu.
 */
#pragma once

#include "archive/lock.h"
#include "base/err.h"
#include "base/store.h"
#include "base/text.h"
#include "recipe/recipe.h"

struct kernel {
	char *release;		       /* "6.12.107+deb13-amd64" */
	const struct package *package; /* that brings it; borrowed from the lock */
};

struct kernels {
	struct kernel *item; /* the recipe's own first, then the newest first */
	size_t count;
	size_t allocated;
};

/* ERR_USAGE, at the place of `kernel`, if the recipe names a package that brings no kernel. With
 * `kernel: none` none of them is the recipe's own. */
int kernels_find(struct store *s, const struct recipe *recipe, const struct lock *lock,
		 struct kernels *ret, struct err *err);
void kernels_release(struct kernels *k);
