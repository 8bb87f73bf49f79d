/* SPDX-License-Identifier: MIT */
/*
 * `extends`: one recipe laid over another. Mappings merge key by key, scalars replace, lists
 * append; an item `-name` takes `name` out of what was inherited, and is an error if it is not
 * there. In lists of mappings the name is that of the key that tells items apart (`-local` in
 * menu.entries). Removals come before additions, so `- -local` and a new entry `local` replace it.
 */
#pragma once

#include "recipe/schema.h"

/* Lays `over` (checked by schema_check) over `base`, which may be NULL: then removals are errors
 * all the same. Takes from `over` what it needs; the caller still frees it. *ret is base,
 * changed, or a new tree; base is freed on failure. */
int merge_recipes(struct node *base, struct node *over, struct node **ret, struct err *err);
