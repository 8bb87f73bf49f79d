/* SPDX-License-Identifier: MIT */
/*
 * The recipe's own programs, which run as root inside the tree with all that it has by then,
 * without network and in the environment of packages' scripts: no service starts, and no initramfs
 * is made that stage_initramfs would make again.
 *
 *	place                    when
 *	hooks.before-packages    stage_base: the essential packages are set up, and no others
 *	hooks.after-base         stage_base, at its end
 *	hooks.before-settings    stage_settings, at its start
 *	scripts                  stage_settings, after overlays and services
 *	hooks.before-initramfs   the same, after scripts
 *	hooks.check              stage_check, when the tree is finished
 *
 * There is none on the machine that builds: it would not be contained, and the result would depend
 * on that machine. Whoever publishes a result does so after `netrescue build`.
 */
#pragma once

#include "base/err.h"
#include "recipe/recipe.h"
#include "rootfs/rootfs.h"

/* Runs the programs of one place in their order, and notes what they do in the file log. place: as
 * above, without "hooks."; it stands in messages. ERR_TRUST if one has changed since the recipe was
 * read, ERR_BUILD if one fails. */
int hooks_run(struct rootfs *rootfs, const struct recipe_files *programs, const char *place,
	      struct err *err);
