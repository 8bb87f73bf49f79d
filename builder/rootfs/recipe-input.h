/* SPDX-License-Identifier: MIT */
/* A file that the recipe names, read again for the tree. The digest in the lock was taken when the
 * recipe was read; a file that was changed since would give other bytes under the same lock. */
#pragma once

#include "base/err.h"
#include "base/text.h"
#include "recipe/recipe.h"

/* ERR_TRUST if the file is not the one that the recipe was read with. */
int recipe_input_read(const struct recipe *recipe, const struct recipe_file *file, struct text *ret,
		      struct err *err);
