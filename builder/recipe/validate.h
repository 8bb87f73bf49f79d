/* SPDX-License-Identifier: MIT */
/*
 * What the schema cannot say of a single value: that values fit one another. Called once by
 * recipe_load(), when everything is filled. root is the merged tree, for positions.
 */
#pragma once

#include "recipe/schema.h"

/* overlay_has_keys: an overlay brings root's authorized keys. */
int validate_recipe(const struct recipe *recipe, const struct node *root, bool overlay_has_keys,
		    struct err *err);

/* validate-boot.c: addresses of server.*, and the menu's references. */
int validate_server(const struct recipe *recipe, const struct node *root, struct err *err);
int validate_menu(const struct recipe *recipe, const struct node *root, struct err *err);
/* boot-loaders.c: a recipe with a menu names all packages of a loader, or none. */
int validate_loaders(const struct recipe *recipe, struct err *err);
