/* SPDX-License-Identifier: MIT */
/*
 * `extends`: one recipe laid over another. Mappings merge key by key, scalars replace scalars, and
 * lists append. An item `-name` takes `name` out of the inherited list; it is an error if the list
 * does not have it. In a list of mappings the name is the value of the key that tells items apart,
 * the label in menu.entries (`-local`). Removals come before additions, so that `- -local` and a
 * new entry `local` replace the inherited one.
 */
#pragma once

#include "recipe/schema.h"

/* Lays `over`, which schema_check() has checked, over `base`. base may be NULL, and then every
 * removal is an error. Takes nodes out of `over`, which the caller still frees. Takes base: *ret is
 * that tree changed, or a new one; on failure it is freed. */
int merge_recipes(struct node *base, struct node *over, struct node **ret, struct err *err);
