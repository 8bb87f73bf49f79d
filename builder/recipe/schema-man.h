/* SPDX-License-Identifier: MIT */
/* netrescue-recipe(5): docs/recipe.md, which is made from the schema, as a man page. */
#pragma once

#include <stdio.h>

/* 0 or -EIO. */
int schema_write_man(FILE *to);
