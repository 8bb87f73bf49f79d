/* SPDX-License-Identifier: MIT */
/*
 * Checks whether values fit one another, which the schema cannot, because it looks at one value at
 * a time. recipe_load_source() calls it once, when all values are filled in. root is the merged
 * tree, for positions.
 */
#pragma once

#include "recipe/schema.h"

/* overlay_has_keys: an overlay brings root's authorized keys. */
int validate_recipe(const struct recipe *recipe, const struct node *root, bool overlay_has_keys,
		    struct err *err);

/* accounts.c: names and numbers of users and groups. */
int validate_accounts(const struct recipe *recipe, struct err *err);
/* validate-boot.c: the addresses of `server`, and the labels that the menu refers to. */
int validate_server(const struct recipe *recipe, const struct node *root, struct err *err);
int validate_menu(const struct recipe *recipe, const struct node *root, struct err *err);
/* validate-archives.c: what is said of other archives. */
int validate_archives(const struct recipe *recipe, struct err *err);
/* validate-initramfs.c: what the program that makes the initramfs can do. */
int validate_initramfs(const struct recipe *recipe, const struct node *root, struct err *err);
/* boot-loaders.c: the boot packages of a recipe with a menu are all those of a loader, or none. */
int validate_loaders(const struct recipe *recipe, struct err *err);
