/* SPDX-License-Identifier: MIT */
/*
 * The recipes that come with the program: in `recipes` of the checkout that it was built in, or in
 * PREFIX/share/netrescue/recipes where it is installed.
 *
 *	cleanup_free char *recipe = NULL;
 *	r = recipe_find("rescue64", &recipe, err);
 */
#pragma once

#include "base/err.h"
#include "base/text.h"

/* The path of FILE ("fileserver.yaml"); NULL if it is not there. Caller frees. */
char *shipped_recipe(const char *file);
/* Adds the folders of these recipes that are there: what lies in them may be read by any recipe
 * (recipe/reach.h). */
void shipped_folders(struct strv *ret);
/* The names of all of them ("minimal"), sorted. */
void shipped_recipes(struct strv *ret);

/* What the user named: a path, or, if it has no slash and no file is called so, a shipped recipe by
 * its name, with or without ".yaml"; a directory, such as the one of a recipe's results, is no
 * file. A path that is not there is returned as it is. ERR_USAGE if it can only be a name, and no
 * recipe has that name. Caller frees. */
int recipe_find(const char *given, char **ret, struct err *err);
/* To be a verb's .missing (cli.h): adds a hint that names the shipped recipes. */
int recipe_hint(struct err *err);
