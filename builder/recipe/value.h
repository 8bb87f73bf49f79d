/* SPDX-License-Identifier: MIT */
/*
 * From the merged tree into struct recipe and out again, driven by the schema's rows: fill each
 * field from its node or its default, write it as text for the digest, free it.
 */
#pragma once

#include "recipe/schema.h"

void recipe_list_add(struct recipe_list *l, const char *value, const struct position *at);
void recipe_list_release(struct recipe_list *l);
bool recipe_list_has(const struct recipe_list *l, const char *value);

/* root: checked and merged; NULL: all defaults. r->path is set. Opens no files: of these, only
 * .given, .path and .at are filled, and authorized keys are as written. */
void values_fill(struct recipe *r, const struct node *root);
/* A zeroed element of a list of mappings with nothing but defaults, and its end. */
void values_default_item(const struct schema_key *list, void *item);
void values_release_item(const struct schema_key *list, void *item);
/* See recipe_canonical(). */
void values_write(const struct recipe *r, struct text *ret);
void values_release(struct recipe *r);
