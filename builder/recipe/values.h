/* SPDX-License-Identifier: MIT */
/*
 * The fields of struct recipe, driven by the schema's rows: each is filled from its node of the
 * merged tree or from its default, and freed.
 */
#pragma once

#include "recipe/schema.h"

/* Fills all fields. root is the tree, checked and merged; NULL fills in the defaults only.
 * recipe->path must be set. No file is opened: of a struct recipe_file only .given, .path and .at
 * are filled, and authorized keys stay as the recipe writes them. */
void values_fill(struct recipe *recipe, const struct node *root);
/* The first fills a zeroed element of a list of mappings with its defaults, the second frees what
 * is in an element. */
void values_default_item(const struct schema_key *list, void *item);
void values_release_item(const struct schema_key *list, void *item);
void values_release(struct recipe *recipe);
/* The list of a row of the type SCHEMA_FILES: scripts, hooks.check, debs. */
const struct recipe_files *values_files(const struct schema_key *key, const struct recipe *recipe);
