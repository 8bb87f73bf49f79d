/* SPDX-License-Identifier: MIT */
#include "recipe/override.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "recipe/schema.h"

#define KEY_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"

char *override_place(const char *set, const char *directory)
{
	const int key = (int)strspn(set, KEY_CHARACTERS);

	return xasprintf("%s%s--set%s%.*s", directory ? directory : "", directory ? "/" : "",
			 key > 0 ? " " : "", key, set);
}

static struct node *new_node(enum node_kind kind, const struct position *at)
{
	struct node *n = xcalloc(1, sizeof(*n));

	n->kind = kind;
	n->at = *at;
	return n;
}

/* The list that the key lies in, if it reaches into the items of one; NULL otherwise. */
static const struct schema_key *list_above(const char *path)
{
	cleanup_free char *above = xstrdup(path);
	char *dot;

	while ((dot = strrchr(above, '.'))) {
		const struct schema_key *key;

		*dot = '\0';
		key = schema_find(above);
		if (key && schema_is_list(key))
			return key;
	}
	return NULL;
}

static int check_key(const char *path, bool adds, const struct position *at, struct err *err)
{
	const struct schema_key *key = schema_find(path), *list = list_above(path);

	if (list) {
		position_error(at, err, "'%s' is a list: its items cannot be set one by one",
			       list->path);
		return err_hint(err, "--set '%s=[…]' sets all of it, --set '%s+=…' adds an item",
				list->path, list->path);
	}
	if (!key || !adds || schema_is_list(key))
		return 0;
	position_error(at, err, "'%s' is no list that something could be added to", path);
	return err_hint(err, "write --set %s=…", path);
}

static int parse_value(const char *text, const struct position *at, struct node **ret,
		       struct err *err)
{
	if (text[strspn(text, " ")])
		return node_parse_value(at->file, text, strlen(text), ret, err);
	*ret = new_node(NODE_SCALAR, at);
	(*ret)->text = xstrdup("");
	return 0;
}

/* An item alone becomes a list of it; nothing at all stays nothing, which the schema refuses. */
static struct node *as_list(struct node *value, bool adds)
{
	struct node *list = value;

	if (value->kind != NODE_LIST && (value->kind != NODE_SCALAR || *value->text)) {
		list = new_node(NODE_LIST, &value->at);
		node_add(list, value);
	}
	list->replaces = !adds;
	return list;
}

/* {server: {address: VALUE}} of "server.address". */
static struct node *nest(const char *path, struct node *value, const struct position *at)
{
	CLEANUP(strv_release) struct strv word = { 0 };

	strv_split(&word, path, ".");
	for (size_t i = word.count; i-- > 0;) {
		struct node *mapping = new_node(NODE_MAPPING, at);

		node_set(mapping, &(struct node_key){ word.item[i], *at }, value);
		value = mapping;
	}
	return value;
}

int override_parse(const char *set, const char *place, struct node **ret, struct err *err)
{
	const struct position at = { .file = place, .line = 1, .column = 1 };
	const size_t length = strspn(set, KEY_CHARACTERS);
	const bool adds = set[length] == '+';
	cleanup_free char *path = xstrndup(set, length);
	const char *value = set + length + adds;
	const struct schema_key *key = schema_find(path);
	struct node *node = NULL;
	int r;

	if (*value != '=' || !length || *path == '.' || ends_with(path, ".") ||
	    strstr(path, "..")) {
		position_error(&at, err, "this is not KEY=VALUE");
		return err_hint(err, "write it as in --set server.address=10.0.0.1, or as in --set "
				     "packages+=vim to add to a list");
	}
	r = check_key(path, adds, &at, err);
	if (r < 0)
		return r;
	r = parse_value(value + 1, &at, &node, err);
	if (r < 0)
		return r;
	*ret = nest(path, key && schema_is_list(key) ? as_list(node, adds) : node, &at);
	return 0;
}
