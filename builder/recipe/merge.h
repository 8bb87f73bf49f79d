/* SPDX-License-Identifier: MIT */
/*
 * `extends`, --site and --set: one recipe laid over another. Mappings merge key by key, and scalars
 * replace scalars. A list adds its items to the inherited one, which is what the other recipe has:
 * its list, or the default where it says nothing. With the tag !replace it takes the place of the
 * inherited one.
 *
 * An item `-name` takes `name` out of the inherited list; it is an error if the list does not have
 * it. In a list of mappings the name is the value of the key that tells items apart, the label in
 * menu.entries (`-local`). Removals come before additions, so that `- -local` and a new entry
 * `local` replace the inherited one. An empty list that adds nothing is an error, too.
 */
#pragma once

#include "recipe/schema.h"

/* Lays `over`, which schema_check() has checked, over `base`. base may be NULL, and then every
 * removal is an error. Takes nodes out of `over`, which the caller still frees. Takes base: *ret is
 * that tree changed, or a new one; on failure it is freed. */
int merge_recipes(struct node *base, struct node *over, struct node **ret, struct err *err);
