/* SPDX-License-Identifier: MIT */
/*
 * From the merged tree into struct recipe and out again, driven by the schema's rows: fill each
 * field from its node or its default, write it as text for the digest, free it.
 */
#pragma once

#include "recipe/schema.h"

/* root: checked and merged; NULL: all defaults. r->path is set. Opens no files: of these, only
 * .given, .path and .at are filled, and authorized keys are as written. */
void values_fill(struct recipe *recipe, const struct node *root);
/* A zeroed element of a list of mappings with nothing but defaults, and its end. */
void values_default_item(const struct schema_key *list, void *item);
void values_release_item(const struct schema_key *list, void *item);
void values_release(struct recipe *recipe);
