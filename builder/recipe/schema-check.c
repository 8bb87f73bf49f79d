/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "recipe/schema.h"

static int check_mapping(const char *parent, const struct node *node, struct err *err);

static int wrong_type(const struct schema_key *key, const struct node *node, const char *expected,
		      struct err *err)
{
	char found[64];

	if (key->format && key->format->secret && node->kind == NODE_SCALAR && *node->text)
		return position_error(&node->at, err, "'%s' must be %s", key->path, expected);
	return position_error(&node->at, err, "'%s' must be %s, found %s", key->path, expected,
			      node_text(node, found));
}

/* The code point at *p, which is UTF-8 that libyaml has checked; *p moves on. */
static unsigned next_character(const unsigned char **p)
{
	unsigned c = *(*p)++;
	unsigned more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;

	c &= more == 3 ? 0x07 : more == 2 ? 0x0f : more == 1 ? 0x1f : 0xff;
	for (; more && **p; more--)
		c = c << 6 | (*(*p)++ & 0x3f);
	return c;
}

/* C0, DEL and C1 controls, line separators, and what turns the direction of writing. */
static bool is_control(unsigned c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

static int check_characters(const struct schema_key *key, const struct node *node, bool lines,
			    struct err *err)
{
	const unsigned char *p = (const unsigned char *)node->text;

	while (*p) {
		unsigned c = next_character(&p);

		if (c == '\n' && !lines) {
			position_error(&node->at, err, "'%s' must be one line", key->path);
			return err_hint(err, "it is copied into configuration files");
		}
		if (is_control(c) && !(lines && (c == '\n' || c == '\t')))
			return position_error(&node->at, err,
					      "'%s' holds the control character U+%04X", key->path,
					      c);
	}
	return 0;
}

static int check_format(const struct schema_key *key, const struct node *node, struct err *err)
{
	const struct format *f = key->format;
	const char *hint = NULL;
	char found[64];
	int r = check_characters(key, node, f->lines, err);

	if (r < 0)
		return r;
	if (!*node->text && f->empty)
		return 0;
	if (*node->text && f->is(node->text, &hint))
		return 0;
	if (f->secret || ((f == &format_url || f == &format_mirror) && strchr(node->text, '@'))) {
		position_error(&node->at, err, "'%s' is not %s", key->path, f->noun);
		err_hide_line(err);
	} else {
		position_error(&node->at, err, "'%s': %s is not %s", key->path,
			       node_text(node, found), f->noun);
	}
	return err_hint(err, "%s", hint ? hint : f->rule);
}

static int check_allowed(const struct schema_key *key, const struct node *node, struct err *err)
{
	CLEANUP(strv_release) struct strv words = { 0 };
	CLEANUP(strv_release) struct strv near = { 0 };
	cleanup_free char *list = NULL;
	char found[64];

	strv_split(&words, key->allowed, " ");
	if (strv_has(&words, node->text))
		return 0;
	list = strv_join(&words, ", ");
	nearest(node->text, (const char *const *)words.item, words.count, 1, &near);
	if (words.count == 1)
		position_error(&node->at, err, "'%s': only %s is possible, found %s", key->path,
			       list, node_text(node, found));
	else
		position_error(&node->at, err, "'%s' must be one of %s, found %s", key->path, list,
			       node_text(node, found));
	return near.count ? err_hint(err, "did you mean '%s'?", near.item[0])
			  : err_hint(err, "%s: %s", key->path, key->doc);
}

/* Checks a text: the value of a key, or an item of a list. */
static int check_text(const struct schema_key *key, const struct node *node, struct err *err)
{
	const char *what = schema_is_list(key) ? "a list of texts" : "a text";

	if (node->kind != NODE_SCALAR || (!*node->text && !node->quoted))
		return wrong_type(key, node, what, err);
	if (key->allowed)
		return check_allowed(key, node, err);
	return check_format(key, node, err);
}

static int check_switch(const struct schema_key *key, const struct node *node, struct err *err)
{
	static const char *const words[] = { "yes", "no", "true", "false" };

	if (node->kind == NODE_SCALAR)
		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			if (streq(node->text, words[i]))
				return 0;
	return wrong_type(key, node, "yes or no", err);
}

static int check_number(const struct schema_key *key, const struct node *node, struct err *err)
{
	int number;

	if (node->kind != NODE_SCALAR)
		return wrong_type(key, node, "a number", err);
	if (parse_int(node->text, &number) < 0 || (number < 0 && key->minimum >= 0))
		return wrong_type(key, node, "a whole number", err);
	if (number < key->minimum || number > key->maximum)
		return position_error(&node->at, err, "'%s' must be from %d to %d, found %s",
				      key->path, key->minimum, key->maximum, node->text);
	return 0;
}

static int check_ids(const struct schema_key *key, const struct node *node, struct err *err)
{
	if (node->kind != NODE_MAPPING)
		return wrong_type(key, node, "a mapping of names to numbers", err);
	for (size_t i = 0; i < node->count; i++) {
		const struct node *number = node->item[i];
		const char *name = node->key[i].name;
		int r;

		if (!*name || *name == '-' || strlen(name) > 32 ||
		    name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-")])
			return position_error(&node->key[i].at, err,
					      "'%s' is not the name of a system user", name);
		if (number->kind == NODE_MAPPING) {
			if (number->count != 1 || !streq(number->key[0].name, "group"))
				return wrong_type(key, number,
						  "NAME: NUMBER or NAME: {group: NUMBER}", err);
			number = number->item[0];
		}
		r = check_number(key, number, err);
		if (r < 0)
			return err_hint(err, "Debian gives packages' users 100 to 999");
	}
	return 0;
}

static int check_double(const struct schema_key *key, const struct node *list, size_t i,
			struct err *err)
{
	const struct node *item = list->item[i];

	for (size_t j = 0; j < i; j++) {
		const struct node *other = list->item[j];

		if (item->kind != NODE_SCALAR || other->kind != NODE_SCALAR ||
		    !streq(item->text, other->text))
			continue;
		position_error(&item->at, err, "'%s' lists '%s' twice", key->path, item->text);
		return err_has_lines(other->at.file)
			       ? err_hint(err, "it is already in line %u", other->at.line)
			       : err_hint(err, "once is enough");
	}
	return 0;
}

static int check_removal(const struct schema_key *key, const struct node *list,
			 const struct node *item, struct err *err)
{
	if (!list->replaces)
		return check_characters(key, item, false, err);
	position_error(&item->at, err,
		       "'%s' replaces the inherited list: there is no '%s' to remove", key->path,
		       item->text + 1);
	return err_hint(err, "leave '%s' out, or '" NODE_REPLACE "'", item->text);
}

static int check_list(const struct schema_key *key, const struct node *node, struct err *err)
{
	if (node->kind != NODE_LIST) {
		wrong_type(key, node, "a list", err);
		if (node->kind == NODE_SCALAR && *node->text)
			return err_hint(err, "write [%s], or '- %s' on a line of its own",
					node->text, node->text);
		return err_hint(err, "an empty list is written []");
	}
	for (size_t i = 0; i < node->count; i++) {
		const struct node *item = node->item[i];
		int r = check_double(key, node, i, err);

		if (r < 0)
			return r;
		/* What an item of a list has is given anew in each recipe: nothing is inherited. */
		if (node_is_removal(item) && !schema_is_inside_entries(key))
			r = check_removal(key, node, item, err);
		else if (key->type != SCHEMA_ENTRIES)
			r = check_text(key, item, err);
		else if (item->kind != NODE_MAPPING)
			r = wrong_type(key, item, "a list of mappings", err);
		else
			r = check_mapping(key->path, item, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_value(const struct schema_key *key, const struct node *node, struct err *err)
{
	switch (key->type) {
	case SCHEMA_EXTENDS:
	case SCHEMA_TEXT:
	case SCHEMA_CHOICE:
	case SCHEMA_RANGE:
	case SCHEMA_FILE:
		return check_text(key, node, err);
	case SCHEMA_SWITCH:
		return check_switch(key, node, err);
	case SCHEMA_NUMBER:
		return check_number(key, node, err);
	case SCHEMA_WORDS:
	case SCHEMA_FOLDERS:
	case SCHEMA_FILES:
	case SCHEMA_LINES:
	case SCHEMA_ENTRIES:
		return check_list(key, node, err);
	case SCHEMA_IDS:
		return check_ids(key, node, err);
	case SCHEMA_SECTION:
		if (node->kind != NODE_MAPPING)
			return wrong_type(key, node, "a mapping of keys to values", err);
		return check_mapping(key->path, node, err);
	}
	abort();
}

static char *join(const char *parent, const char *leaf)
{
	return *parent ? xasprintf("%s.%s", parent, leaf) : xstrdup(leaf);
}

static int unknown_key(const char *parent, const struct node_key *name, struct err *err)
{
	CLEANUP(strv_release) struct strv here = { 0 };
	CLEANUP(strv_release) struct strv near = { 0 };
	cleanup_free char *list = NULL;
	const char *where = *parent ? " in " : "";

	for (const struct schema_key *k = NULL; (k = schema_next(parent, k));)
		strv_add(&here, schema_leaf(k));
	nearest(name->name, (const char *const *)here.item, here.count, 1, &near);
	if (near.count)
		return position_error(&name->at, err, "unknown key '%s'%s%s (did you mean '%s'?)",
				      name->name, where, parent, near.item[0]);
	position_error(&name->at, err, "unknown key '%s'%s%s", name->name, where, parent);
	for (size_t i = 0; i < schema_count; i++)
		if (streq(schema_leaf(&schema[i]), name->name))
			return err_hint(err, "there is a key '%s'", schema[i].path);
	if (!*parent && schema_find(name->name))
		return err_hint(err, "sections are mappings: %.*s: {%s: ...}",
				(int)strcspn(name->name, "."), name->name,
				schema_leaf(schema_find(name->name)));
	if (!*parent)
		return err_hint(err, "'netrescue recipe-help' explains all keys");
	list = strv_join(&here, ", ");
	return err_hint(err, "the keys of %s are %s", parent, list);
}

static int require_keys(const char *parent, const struct node *mapping, struct err *err)
{
	for (const struct schema_key *k = NULL; (k = schema_next(parent, k));) {
		if (!k->required || node_get(mapping, schema_leaf(k)))
			continue;
		position_error(&mapping->at, err, "'%s' is missing", k->path);
		return err_hint(err, "%s: %s", schema_leaf(k), k->doc);
	}
	return 0;
}

static int check_mapping(const char *parent, const struct node *node, struct err *err)
{
	const struct schema_key *of = schema_find(parent);

	for (size_t i = 0; i < node->count; i++) {
		cleanup_free char *path = join(parent, node->key[i].name);
		const struct schema_key *key = schema_find(path);
		int r;

		/* A dot in a key would reach into another mapping's rows. */
		if (!key || strchr(node->key[i].name, '.'))
			return unknown_key(parent, &node->key[i], err);
		r = check_value(key, node->item[i], err);
		if (r < 0)
			return r;
	}
	return of && of->type == SCHEMA_ENTRIES ? require_keys(parent, node, err) : 0;
}

int schema_check(const struct node *root, struct err *err)
{
	return check_mapping("", root, err);
}

int schema_require(const struct node *root, const char *path, struct err *err)
{
	for (const struct schema_key *k = NULL; (k = schema_next("", k));) {
		if (!k->required || node_get(root, k->path))
			continue;
		position_error(&(struct position){ .file = path }, err, "'%s' is missing", k->path);
		return err_hint(err, "%s: %s", k->path, k->doc);
	}
	return 0;
}
