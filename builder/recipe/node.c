// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "recipe/yaml.h"

void node_free(struct node *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < n->count; i++) {
		if (n->kind == NODE_MAPPING)
			free(n->key[i].name);
		node_free(n->item[i]);
	}
	free(n->key);
	free(n->item);
	free(n->text);
	free(n);
}

struct node *node_get(const struct node *mapping, const char *key)
{
	if (mapping->kind != NODE_MAPPING)
		return NULL;
	for (size_t i = 0; i < mapping->count; i++)
		if (streq(mapping->key[i].name, key))
			return mapping->item[i];
	return NULL;
}

const struct node *node_find(const struct node *root, const char *path)
{
	while (root) {
		size_t length = strcspn(path, ".");
		cleanup_free char *key = xstrndup(path, length);

		root = node_get(root, key);
		if (!path[length])
			break;
		path += length + 1;
	}
	return root;
}

void node_add(struct node *list, struct node *item)
{
	GROW(list->item, list->count, list->allocated);
	list->item[list->count++] = item;
}

void node_set(struct node *mapping, const struct node_key *key, struct node *value)
{
	size_t before = mapping->allocated;

	for (size_t i = 0; i < mapping->count; i++) {
		if (!streq(mapping->key[i].name, key->name))
			continue;
		node_free(mapping->item[i]);
		mapping->item[i] = value;
		mapping->key[i].at = key->at;
		return;
	}
	node_add(mapping, value);
	if (mapping->allocated != before)
		mapping->key =
			xreallocarray(mapping->key, mapping->allocated, sizeof(*mapping->key));
	mapping->key[mapping->count - 1].name = xstrdup(key->name);
	mapping->key[mapping->count - 1].at = key->at;
}

struct node *node_take(struct node *n, size_t i)
{
	struct node *taken = n->item[i];

	if (n->kind == NODE_MAPPING) {
		free(n->key[i].name);
		memmove(n->key + i, n->key + i + 1, (n->count - i - 1) * sizeof(*n->key));
	}
	memmove(n->item + i, n->item + i + 1, (n->count - i - 1) * sizeof(struct node *));
	n->count--;
	return taken;
}

bool node_is_removal(const struct node *n)
{
	return n->kind == NODE_SCALAR && n->text[0] == '-' && n->text[1] && n->text[1] != '-';
}

const char *node_text(const struct node *n, char buffer[64])
{
	if (n->kind == NODE_LIST)
		snprintf(buffer, 64, "a list");
	else if (n->kind == NODE_MAPPING)
		snprintf(buffer, 64, "a mapping");
	else if (!*n->text)
		snprintf(buffer, 64, n->quoted ? "an empty text" : "nothing");
	else
		snprintf(buffer, 64, "'%.40s'%s", n->text, strlen(n->text) > 40 ? "…" : "");
	return buffer;
}
