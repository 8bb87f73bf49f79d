/* SPDX-License-Identifier: MIT */
/*
 * The fields of struct recipe, driven by the schema's rows: each is filled from its node of the
 * merged tree or from its default, and freed.
 */
#pragma once

#include "recipe/schema.h"

/* root: checked and merged; NULL: fill in defaults only. recipe->path is set. Opens no files: of
 * these, only .given, .path and .at are filled, and authorized keys are as the recipe has them. */
void values_fill(struct recipe *recipe, const struct node *root);
/* Fills a zeroed element of a list of mappings with its defaults, and frees what is in one. */
void values_default_item(const struct schema_key *list, void *item);
void values_release_item(const struct schema_key *list, void *item);
void values_release(struct recipe *recipe);
