/* SPDX-License-Identifier: MIT */
/* What a recipe's `identity:` says of a file. */
#pragma once

#include "recipe/recipe.h"

/* The first entry whose path, or pattern (glob(7)), is that of the file or of a directory above it;
 * NULL: the recipe says nothing of the file. path: absolute, in the image. */
const struct recipe_identity *recipe_identity_find(const struct recipe *recipe, const char *path);
