/* SPDX-License-Identifier: MIT */
/* Private keys among what overlays and `files:` lay over the tree. Everybody who can boot the image
 * could read them, and whoever brings one seldom knows: so it is an error, unless the recipe says
 * `do: keep` of it under `identity:`. What packages' scripts make is identity.h's business. */
#pragma once

#include <sys/types.h>

#include "base/err.h"
#include "recipe/recipe.h"

/* Looks at the first bytes of what is to be laid at `path`, which has no slash before it. at: where
 * the recipe names it, or NULL; overlay: the overlay that has it, or NULL. */
int laid_key_check(const struct recipe *recipe, const struct position *at, const char *overlay,
		   const char *path, mode_t mode, const void *bytes, size_t size, struct err *err);
