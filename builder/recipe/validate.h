/* SPDX-License-Identifier: MIT */
/*
 * What the schema cannot say of a single value: that values fit one another. Called once by
 * recipe_load(), when everything is filled. root is the merged tree, for positions.
 */
#pragma once

#include "recipe/schema.h"

/* overlay_has_keys: an overlay brings root's authorized keys. */
int validate_recipe(const struct recipe *r, const struct node *root, bool overlay_has_keys,
		    struct err *err);

/* validate-network.c: addresses of server.*, and the menu's references. */
int validate_server(const struct recipe *r, const struct node *root, struct err *err);
int validate_menu(const struct recipe *r, const struct node *root, struct err *err);
/* boot-loaders.c: a recipe with a menu names all packages of a loader, or none. */
int validate_loaders(const struct recipe *r, struct err *err);

/* Where a key was written; the recipe as a whole for a default. */
struct position validate_position(const struct recipe *r, const struct node *root, const char *key);
