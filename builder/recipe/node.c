/* SPDX-License-Identifier: MIT */
#include "recipe/node.h"

#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/memory.h"
#include "base/text.h"

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

struct position node_position(const struct node *root, const char *path, const char *file)
{
	const struct node *n = node_find(root, path);

	return n ? n->at : (struct position){ .file = file };
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

struct reader {
	yaml_parser_t parser;
	const char *path;
	const char *text;
	size_t length;
	struct err *err;
};

static int read_node(struct reader *reader, const yaml_event_t *event, unsigned depth,
		     struct node **ret);

static struct position position_of(const struct reader *reader, const yaml_mark_t *mark)
{
	return (struct position){ .file = reader->path,
				  .line = (unsigned)mark->line + 1,
				  .column = (unsigned)mark->column + 1 };
}

static bool line_starts_with_tab(const struct reader *reader, unsigned line)
{
	const char *p = reader->text, *end = p + reader->length;

	while (p && line-- > 1) {
		p = memchr(p, '\n', (size_t)(end - p));
		p = p ? p + 1 : NULL;
	}
	while (p && p < end && *p == ' ')
		p++;
	return p && p < end && *p == '\t';
}

static int syntax_error(struct reader *reader)
{
	const yaml_parser_t *p = &reader->parser;
	struct position at = position_of(reader, &p->problem_mark);

	if (p->error == YAML_READER_ERROR)
		return err_set(reader->err, ERR_USAGE, "%s'%s' is not UTF-8 text: %s at byte %zu",
			       err_has_lines(reader->path) ? "recipe " : "", reader->path,
			       p->problem, p->problem_offset);
	if (!p->problem_mark.line && !p->problem_mark.column && p->context)
		at = position_of(reader, &p->context_mark);
	position_error(&at, reader->err, "not valid YAML: %s%s%s", p->problem,
		       p->context ? ", " : "", p->context ? p->context : "");
	if (!err_has_lines(reader->path))
		return err_hint(reader->err,
				"close what is opened, and put a text that begins with "
				"a sign or holds ': ' in quotes: 'KEY=\"a: b\"'");
	if (line_starts_with_tab(reader, at.line))
		return err_hint(reader->err,
				"YAML does not allow tabs for indentation: use spaces");
	if (strstr(p->problem, "mapping values are not allowed"))
		return err_hint(reader->err, "put a text that contains ': ' in quotes");
	if (p->context && p->context_mark.line + 1 < at.line)
		return err_hint(reader->err, "it begins in line %zu: close what is opened there",
				p->context_mark.line + 1);
	return err_hint(reader->err, "mind the indentation, and close what is opened");
}

static int next_event(struct reader *reader, yaml_event_t *event)
{
	if (!yaml_parser_parse(&reader->parser, event))
		return syntax_error(reader);
	return 0;
}

/* What other programs call it (Compose has !override) is told what it is called here. */
static int refuse_tag(struct reader *reader, const yaml_event_t *event, const char *tag)
{
	struct position at = position_of(reader, &event->start_mark);

	position_error(&at, reader->err, "tags ('%s') are not part of recipes", tag);
	if (event->type == YAML_SEQUENCE_START_EVENT)
		return err_hint(reader->err,
				"the only one is '" NODE_REPLACE "', before a list that takes the "
				"place of the inherited one");
	if (streq(tag, NODE_REPLACE))
		return err_hint(reader->err,
				"'" NODE_REPLACE "' stands before lists, such as " NODE_REPLACE
				" [a, b]: a text replaces the inherited one by itself");
	return err_hint(reader->err, "leave the tag out: the key decides the type of its value");
}

static int refuse_decoration(struct reader *reader, const yaml_event_t *event, const void *anchor,
			     const void *tag)
{
	struct position at = position_of(reader, &event->start_mark);

	if (anchor) {
		position_error(&at, reader->err, "anchors ('&%s') are not part of recipes",
			       (const char *)anchor);
		return err_hint(reader->err, "write the value out, or share it through 'extends'");
	}
	return tag ? refuse_tag(reader, event, tag) : 0;
}

static struct node *new_node(struct reader *reader, const yaml_event_t *event, enum node_kind kind)
{
	struct node *n = xcalloc(1, sizeof(*n));

	n->kind = kind;
	n->at = position_of(reader, &event->start_mark);
	return n;
}

static int read_scalar(struct reader *reader, const yaml_event_t *event, struct node **ret)
{
	const char *value = (const char *)event->data.scalar.value;
	size_t length = event->data.scalar.length;
	struct position at = position_of(reader, &event->start_mark);

	if (length > NODE_TEXT_MAX)
		return position_error(&at, reader->err, "this text is longer than %d KiB",
				      NODE_TEXT_MAX / 1024);
	if (memchr(value, 0, length))
		return position_error(&at, reader->err, "this text holds a NUL byte");
	*ret = new_node(reader, event, NODE_SCALAR);
	(*ret)->text = xstrndup(value, length);
	(*ret)->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	return 0;
}

static int read_list(struct reader *reader, const yaml_event_t *start, unsigned depth,
		     struct node **ret)
{
	CLEANUP(node_cleanup) struct node *list = new_node(reader, start, NODE_LIST);
	const char *tag = (const char *)start->data.sequence_start.tag;

	list->replaces = tag && streq(tag, NODE_REPLACE);
	for (;;) {
		CLEANUP(yaml_event_delete) yaml_event_t event = { 0 };
		struct node *item = NULL;
		int r = next_event(reader, &event);

		if (r < 0)
			return r;
		if (event.type == YAML_SEQUENCE_END_EVENT)
			break;
		if (list->count == NODE_LIST_MAX)
			return position_error(&list->at, reader->err,
					      "this list has more than %d items", NODE_LIST_MAX);
		r = read_node(reader, &event, depth + 1, &item);
		if (r < 0)
			return r;
		node_add(list, item);
	}
	*ret = take_ptr(list);
	return 0;
}

static int check_key(struct reader *reader, const yaml_event_t *event, const struct node *mapping)
{
	struct position at = position_of(reader, &event->start_mark);
	const char *name = (const char *)event->data.scalar.value;
	int r;

	if (event->type != YAML_SCALAR_EVENT)
		return position_error(&at, reader->err, "a key must be a word");
	r = refuse_decoration(reader, event, event->data.scalar.anchor, event->data.scalar.tag);
	if (r < 0)
		return r;
	if (mapping->count == NODE_LIST_MAX)
		return position_error(&at, reader->err, "this mapping has more than %d keys",
				      NODE_LIST_MAX);
	for (size_t i = 0; i < mapping->count; i++) {
		if (!streq(mapping->key[i].name, name))
			continue;
		position_error(&at, reader->err, "duplicate key '%s'", name);
		return err_hint(reader->err, "it is already in line %u: keep one",
				mapping->key[i].at.line);
	}
	return 0;
}

static int read_mapping(struct reader *reader, const yaml_event_t *start, unsigned depth,
			struct node **ret)
{
	CLEANUP(node_cleanup) struct node *mapping = new_node(reader, start, NODE_MAPPING);

	for (;;) {
		CLEANUP(yaml_event_delete) yaml_event_t key = { 0 };
		CLEANUP(yaml_event_delete) yaml_event_t event = { 0 };
		struct node *value = NULL;
		struct node_key name;
		int r = next_event(reader, &key);

		if (r < 0)
			return r;
		if (key.type == YAML_MAPPING_END_EVENT)
			break;
		r = check_key(reader, &key, mapping);
		if (r < 0)
			return r;
		r = next_event(reader, &event);
		if (r < 0)
			return r;
		r = read_node(reader, &event, depth + 1, &value);
		if (r < 0)
			return r;
		name.name = (char *)key.data.scalar.value;
		name.at = position_of(reader, &key.start_mark);
		node_set(mapping, &name, value);
	}
	*ret = take_ptr(mapping);
	return 0;
}

static int refuse_alias(struct reader *reader, const yaml_event_t *event)
{
	struct position at = position_of(reader, &event->start_mark);

	position_error(&at, reader->err, "aliases ('*%s') are not part of recipes",
		       (const char *)event->data.alias.anchor);
	return err_hint(reader->err, "a text that begins with '*' needs quotes");
}

static int read_node(struct reader *reader, const yaml_event_t *event, unsigned depth,
		     struct node **ret)
{
	struct position at = position_of(reader, &event->start_mark);
	int r = 0;

	if (depth > NODE_DEPTH_MAX)
		return position_error(&at, reader->err, "this is nested more than %d levels deep",
				      NODE_DEPTH_MAX);
	if (event->type == YAML_ALIAS_EVENT)
		return refuse_alias(reader, event);
	if (event->type == YAML_SCALAR_EVENT) {
		r = refuse_decoration(reader, event, event->data.scalar.anchor,
				      event->data.scalar.tag);
		return r < 0 ? r : read_scalar(reader, event, ret);
	}
	if (event->type == YAML_SEQUENCE_START_EVENT) {
		const char *tag = (const char *)event->data.sequence_start.tag;

		r = refuse_decoration(reader, event, event->data.sequence_start.anchor,
				      tag && streq(tag, NODE_REPLACE) ? NULL : tag);
		return r < 0 ? r : read_list(reader, event, depth, ret);
	}
	if (event->type == YAML_MAPPING_START_EVENT) {
		r = refuse_decoration(reader, event, event->data.mapping_start.anchor,
				      event->data.mapping_start.tag);
		return r < 0 ? r : read_mapping(reader, event, depth, ret);
	}
	return position_error(&at, reader->err, "not valid YAML here");
}

/* Reads the start of the stream and of the document, and the document's first event into *ret. */
static int open_document(struct reader *reader, yaml_event_t *ret)
{
	CLEANUP(yaml_event_delete) yaml_event_t stream = { 0 };
	CLEANUP(yaml_event_delete) yaml_event_t document = { 0 };
	struct position at;
	int r = next_event(reader, &stream);

	if (r < 0)
		return r;
	r = next_event(reader, &document);
	if (r < 0)
		return r;
	if (document.type != YAML_DOCUMENT_START_EVENT) {
		err_set(reader->err, ERR_USAGE, "recipe '%s' is empty", reader->path);
		return err_hint(reader->err,
				"'netrescue recipe-help --example' writes one to start from");
	}
	at = position_of(reader, &document.start_mark);
	if (document.data.document_start.version_directive ||
	    document.data.document_start.tag_directives.start !=
		    document.data.document_start.tag_directives.end)
		return position_error(&at, reader->err,
				      "directives ('%%…') are not part of recipes");
	return next_event(reader, ret);
}

static int close_document(struct reader *reader)
{
	CLEANUP(yaml_event_delete) yaml_event_t document = { 0 };
	CLEANUP(yaml_event_delete) yaml_event_t stream = { 0 };
	struct position at;
	int r = next_event(reader, &document);

	if (r < 0)
		return r;
	r = next_event(reader, &stream);
	if (r < 0)
		return r;
	if (stream.type == YAML_STREAM_END_EVENT)
		return 0;
	at = position_of(reader, &stream.start_mark);
	position_error(&at, reader->err, "a second document begins here: a recipe is one");
	return err_hint(reader->err, "put it into a file of its own");
}

static int read_document(struct reader *reader, struct node **ret)
{
	CLEANUP(node_cleanup) struct node *root = NULL;
	CLEANUP(yaml_event_delete) yaml_event_t first = { 0 };
	int r = open_document(reader, &first);

	if (r < 0)
		return r;
	r = read_node(reader, &first, 1, &root);
	if (r < 0)
		return r;
	r = close_document(reader);
	if (r < 0)
		return r;
	*ret = take_ptr(root);
	return 0;
}

int node_parse_value(const char *path, const char *text, size_t length, struct node **ret,
		     struct err *err)
{
	struct reader reader = { .path = path, .text = text, .length = length, .err = err };
	int r;

	if (!yaml_parser_initialize(&reader.parser))
		abort();
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, length);
	r = read_document(&reader, ret);
	yaml_parser_delete(&reader.parser);
	return r;
}

int node_parse(const char *path, const char *text, size_t length, struct node **ret,
	       struct err *err)
{
	CLEANUP(node_cleanup) struct node *root = NULL;
	int r = node_parse_value(path, text, length, &root, err);

	if (r < 0)
		return r;
	if (root->kind != NODE_MAPPING)
		return position_error(&root->at, err, "a recipe is a mapping of keys to values");
	*ret = take_ptr(root);
	return 0;
}
