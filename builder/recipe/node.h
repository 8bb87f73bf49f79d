/* SPDX-License-Identifier: MIT */
/*
 * The YAML reader and the tree of nodes that it makes of a recipe. libyaml parses (YAML 1.1);
 * node_parse() makes nodes of its events, each of which knows where it was written. The tree is
 * checked by the schema (schema.h), changed by `extends` (merge.h) and read by values.h.
 *
 * The reader is strict: a recipe is one document, which is a mapping whose keys are plain text. It
 * refuses, each at its place, duplicate keys, anchors and aliases, tags (other than !replace before
 * a list), directives, a second document, more than NODE_DEPTH_MAX levels, lists and mappings
 * longer than NODE_LIST_MAX, and scalars longer than NODE_TEXT_MAX.
 *
 * A scalar is a text here. The schema decides whether `no` means false or Norway.
 */
#pragma once

#include <stdbool.h>

#include "recipe/position.h"

#define NODE_DEPTH_MAX 8
#define NODE_LIST_MAX 4096
#define NODE_TEXT_MAX (64 * 1024)
#define NODE_REPLACE "!replace" /* the tag of a list that replaces the inherited one (merge.h) */

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAPPING };

struct node_key {
	char *name;
	struct position at;
};

struct node {
	enum node_kind kind;
	struct position at;
	char *text;	      /* of a scalar */
	bool quoted;	      /* a scalar in quotes or a block: an empty one is a text, too */
	bool replaces;	      /* a list with the tag !replace: nothing of an inherited one stays */
	struct node_key *key; /* of a mapping: as many as items */
	struct node **item;
	size_t count;
	size_t allocated;
};

/* path: of the recipe, for positions; it must outlive the tree. */
int node_parse(const char *path, const char *text, size_t length, struct node **ret,
	       struct err *err);
/* The same for the text of a single value, of any kind. */
int node_parse_value(const char *path, const char *text, size_t length, struct node **ret,
		     struct err *err);
void node_free(struct node *n);
DEFINE_CLEANUP_PTR(node)

/* The value of a key of a mapping, or NULL. */
struct node *node_get(const struct node *mapping, const char *key);
/* The same through several mappings: "menu.default". NULL if any of the keys is absent. */
const struct node *node_find(const struct node *root, const char *path);
/* Where that value was written; the place of `file` as a whole if nobody wrote it. */
struct position node_position(const struct node *root, const char *path, const char *file);

/* Both take the node that they add, and copy the key. node_set() replaces the value of a key that
 * is there. */
void node_add(struct node *list, struct node *item);
void node_set(struct node *mapping, const struct node_key *key, struct node *value);
/* Takes item i out and hands it to the caller; the order stays. */
struct node *node_take(struct node *n, size_t i);

/* Whether it is an item `-name` of a list, which removes an inherited item (merge.h). */
bool node_is_removal(const struct node *n);

/* What a node is, for messages: "a list", "a mapping", "nothing" or "'TEXT'". Returns buffer. */
const char *node_text(const struct node *n, char buffer[64]);
