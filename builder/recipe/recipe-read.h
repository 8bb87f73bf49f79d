/* SPDX-License-Identifier: MIT */
/* One file of a recipe: the recipe itself, what it extends, one of --site. */
#pragma once

#include "recipe/node.h"
#include "recipe/recipe.h"

/* Reads the file that fd is open on into a tree that schema_check() has checked, and adds its path
 * to recipe->files. ERR_USAGE, at the file's line. Nothing is quoted of a file in which no key of a
 * recipe stands: its name may be a link that leads to somebody's secrets, and the error may go into
 * a log that others read. */
int recipe_read(struct recipe *recipe, const char *path, int fd, struct node **ret,
		struct err *err);
