/* SPDX-License-Identifier: MIT */
/*
 * `--set KEY=VALUE`: one value that the command line lays over the recipe. VALUE is YAML, as the
 * recipe would have it. A list takes the place of the recipe's; `--set KEY+=VALUE` adds to it, and
 * there as well as for KEY=VALUE a single item stands for a list of it.
 *
 * What is said about it has the option as its place, without the value, which may be a secret:
 *
 *	--set server.addres: error: unknown key 'addres' in server (did you mean 'address'?)
 */
#pragma once

#include "recipe/node.h"

/* The .file of its positions: "--set KEY", or "DIRECTORY/--set KEY" if a directory is given that
 * relative paths in the value start from, as they do from the directory of a recipe. The caller
 * frees it. */
char *override_place(const char *set, const char *directory);

/* The value as a tree like that of a recipe that has this key alone, for schema_check() and
 * merge_recipes(). place: of override_place(); it must outlive the tree. ERR_USAGE at that place if
 * it is not of this form, not YAML, or adds to what is no list. */
int override_parse(const char *set, const char *place, struct node **ret, struct err *err);
