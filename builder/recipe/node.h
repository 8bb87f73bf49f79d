/* SPDX-License-Identifier: MIT */
/*
 * YAML as recipes use it (libyaml's events, YAML 1.1), as a tree whose every node knows where it
 * was written. Names begin with node_, because yaml_ is libyaml's.
 *
 * Strict: one document whose top is a mapping with plain text for keys. Refused, each with its
 * place: duplicate keys, anchors and aliases, tags, directives, more than one document, more than
 * NODE_DEPTH_MAX levels, lists longer than NODE_LIST_MAX, scalars longer than NODE_TEXT_MAX.
 *
 * A scalar is its text. Whether `no` means false or Norway is the schema's to say.
 */
#pragma once

#include <stdbool.h>

#include "recipe/position.h"

#define NODE_DEPTH_MAX 8
#define NODE_LIST_MAX 4096
#define NODE_TEXT_MAX (64 * 1024)

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAPPING };

struct node_key {
	char *name;
	struct position at;
};

struct node {
	enum node_kind kind;
	struct position at;
	char *text;	      /* of a scalar */
	bool quoted;	      /* a scalar in quotes or a block: "" is text, nothing is nothing */
	struct node_key *key; /* of a mapping: as many as items */
	struct node **item;
	size_t count;
	size_t allocated;
};

/* path: for positions; it must outlive the tree. */
int node_parse(const char *path, const char *text, size_t length, struct node **ret,
	       struct err *err);
void node_free(struct node *n);
DEFINE_CLEANUP_PTR(node)

/* The value of a key of a mapping, or NULL. */
struct node *node_get(const struct node *mapping, const char *key);
/* The same through several mappings: "menu.default". NULL if any step is absent. */
const struct node *node_find(const struct node *root, const char *path);
/* Where that value was written; `file` as a whole where nobody wrote it. */
struct position node_position(const struct node *root, const char *path, const char *file);

/* Both take what they add. key: copied. */
void node_add(struct node *list, struct node *item);
void node_set(struct node *mapping, const struct node_key *key, struct node *value);
/* Takes item i out and hands it to the caller; the order stays. */
struct node *node_take(struct node *n, size_t i);

/* A list's item `-name`, which removes what is inherited. */
bool node_is_removal(const struct node *n);

/* "a list", "a mapping", "nothing" or "'TEXT'" for "found …". buffer of 64 bytes; returns it. */
const char *node_text(const struct node *n, char buffer[64]);
