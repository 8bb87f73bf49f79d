/* SPDX-License-Identifier: MIT */
/*
 * The one table of a recipe's keys (schema.c). A row says what a key is called, what type and form
 * its value has, where it goes in struct recipe, what it is when absent, and what it is for. The
 * table drives all that is done with a recipe:
 *
 *	node_parse()             each file becomes a tree (node.h)
 *	schema_check()           unknown keys, types and forms are refused (schema-check.c)
 *	merge_recipes()          the trees of `extends`, --site and --set become one (merge.h)
 *	schema_require()         nothing that must be given is missing (schema-check.c)
 *	values_fill()            the tree and the defaults become a struct recipe (values.h)
 *	validate_recipe()        values that do not fit one another are refused (validate.h)
 *	recipe_canonical()       the values become the text that is hashed (canonical.c)
 *	schema_write_markdown()  docs/recipe.md (schema-markdown.c)
 *	schema_write_example()   an example with every key (schema-example.c)
 *
 * A path joins keys with dots; `menu.entries.label` is a key of each item of the list
 * `menu.entries`.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "recipe/format.h"
#include "recipe/recipe.h"
#include "recipe/node.h"

enum schema_type {
	SCHEMA_EXTENDS, /* a path; no field */
	SCHEMA_TEXT,	/* char * */
	SCHEMA_SWITCH,	/* bool */
	SCHEMA_NUMBER,	/* int, minimum to maximum */
	SCHEMA_CHOICE,	/* an enum whose values stand in `allowed`, in order */
	SCHEMA_RANGE,	/* two char *, one after the other */
	SCHEMA_WORDS,	/* struct recipe_list */
	SCHEMA_FOLDERS, /* struct recipe_list of paths of directories */
	SCHEMA_FILE,	/* struct recipe_file */
	SCHEMA_FILES,	/* struct recipe_files */
	SCHEMA_LINES,	/* struct recipe_list: lines, given or read from files (format.is_line) */
	SCHEMA_IDS,	/* NAME: NUMBER, or NAME: {group: NUMBER} */
	SCHEMA_SECTION, /* a mapping; its keys are rows of their own */
	SCHEMA_ENTRIES, /* a list of mappings; their keys are rows of their own */
};

/* Which stages of a build read a key. Their results are kept in the store under digests of what
 * they may read, and while one of them runs it can read nothing else of the recipe
 * (recipe-view.h). */
enum recipe_reader {
	READ_BASE = 1,	    /* stage_base: the essential packages and the rest of the base */
	READ_REST = 2,	    /* stage_rest: all other packages */
	READ_TREE = 4,	    /* from stage_settings until the tree is packed */
	READ_ELSEWHERE = 8, /* what runs in each build: resolving, inspection, publishing */
};

struct schema_key {
	const char *path;
	enum schema_type type;
	size_t offset; /* in struct recipe, or in the element of the list it belongs to */
	const struct format *format;
	const char *allowed;  /* the only values that are allowed, with spaces between */
	const char *fallback; /* the default as text, a list with spaces between its items; may hold
				 ${name}, ${architecture} and ${server.address}. NULL: see doc */
	int minimum, maximum;
	bool required;
	bool outside_digest;
	unsigned readers; /* enum recipe_reader; of all rows but sections */
	/* SCHEMA_ENTRIES */
	size_t count_offset, element_size, at_offset;
	const char *identity; /* the key that tells items apart */
	const char *doc;      /* one line */
	const char *example;
	bool shown; /* has no '#' in the example, so that the example is a recipe that works */
};

extern const struct schema_key schema[];
extern const size_t schema_count;

const struct schema_key *schema_find(const char *path);
/* The rows directly below a section or list ("" for the top), in order: call with the previous row,
 * NULL first; NULL at the end. */
const struct schema_key *schema_next(const char *parent, const struct schema_key *previous);
/* The last key of the path. */
const char *schema_leaf(const struct schema_key *key);
/* Whether it is a key of the items of a list, such as `menu.entries.label`. */
bool schema_is_inside_entries(const struct schema_key *key);
/* Whether it is a list: a recipe that extends another adds items to it, removes some,
 * or replaces it. */
bool schema_is_list(const struct schema_key *key);

/* Checks the tree of one file: its keys, and the types and forms of their values. */
int schema_check(const struct node *root, struct err *err);
/* Checks that the merged tree has every key that is required. path: for the message. */
int schema_require(const struct node *root, const char *path, struct err *err);

/* Write docs/recipe.md, and an example recipe with every key and its default. 0 or -EIO. */
int schema_write_markdown(FILE *to);
int schema_write_example(FILE *to);
