/* SPDX-License-Identifier: MIT */
/*
 * What can be known to fail before the first package is installed, so that nobody waits minutes for
 * it: values of the recipe that no package of the image can fulfil. Two moments tell:
 *
 *	inspect_lock()    before anything is fetched: the packages that a value needs are there
 *	stage_inspect()   (rootfs.h) once the packages are in the store: they bring the kernel, the
 *	                  keymap, the time zone, … that the recipe names. It fills rootfs->kernels.
 *
 * Both are early answers only. The stages settings and initramfs still look at what came out in the
 * end, and find what depends on overlays and scripts.
 *
 * Errors are ERR_USAGE at the value's place, with what it may have meant where there is a list.
 */
#pragma once

#include "archive/lock.h"
#include "base/err.h"
#include "recipe/recipe.h"
#include "rootfs/rootfs.h"

int inspect_lock(const struct recipe *recipe, const struct lock *lock, struct err *err);

/* ---- the parts of stage_inspect(): each about some keys of the recipe ---- */

/* inspect-console.c: keymap, console.font, console.size, console.charmap */
int inspect_console(struct rootfs *rootfs, struct err *err);
/* inspect-modules.c: initramfs.extra */
int inspect_modules(struct rootfs *rootfs, struct err *err);

/* Appends "did you mean '…'?" to an error if a known word is near enough to the value, else the
 * other hint. Returns the error's negative value. */
int inspect_hint(struct err *err, const char *value, const struct strv *known,
		 const char *otherwise);
