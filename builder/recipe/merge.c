/* SPDX-License-Identifier: MIT */
#include "recipe/merge.h"

#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "recipe/format.h"
#include "recipe/recipe-list.h"

static struct node *empty_node(const struct node *like)
{
	struct node *n = xcalloc(1, sizeof(*n));

	n->kind = like->kind;
	n->at = like->at;
	return n;
}

/* What a recipe has that says nothing of this list. */
static struct node *default_list(const struct schema_key *key, const struct node *like)
{
	CLEANUP(strv_release) struct strv words = { 0 };
	struct node *list = empty_node(like);

	list->at = (struct position){ .file = like->at.file };
	strv_split(&words, key->fallback ? key->fallback : "", " ");
	for (size_t i = 0; i < words.count; i++) {
		struct node *item = empty_node(list);

		item->kind = NODE_SCALAR;
		item->text = xstrdup(words.item[i]);
		node_add(list, item);
	}
	return list;
}

static const char *identity_of(const struct schema_key *key, const struct node *item)
{
	const struct node *id = item;

	if (item->kind == NODE_MAPPING)
		id = key->identity ? node_get(item, key->identity) : NULL;
	return id && id->kind == NODE_SCALAR ? id->text : NULL;
}

/* A package is the same whichever version or suite an item says. */
static bool is_same(const struct schema_key *key, const char *a, const char *b)
{
	if (key->format != &format_package_choice)
		return streq(a, b);
	return package_name_length(a) == package_name_length(b) &&
	       strncmp(a, b, package_name_length(a)) == 0;
}

static bool has_item(const struct schema_key *key, const struct node *list, const char *name,
		     size_t *ret_i)
{
	for (size_t i = 0; i < list->count; i++) {
		const char *identity = identity_of(key, list->item[i]);

		if (!identity || !is_same(key, identity, name))
			continue;
		*ret_i = i;
		return true;
	}
	return false;
}

static int nothing_to_remove(const struct schema_key *key, const struct node *list,
			     const struct node *removal, struct err *err)
{
	CLEANUP(strv_release) struct strv names = { 0 };
	CLEANUP(strv_release) struct strv near = { 0 };
	const char *name = removal->text + 1;

	position_error(&removal->at, err, "'%s' inherits no '%s' to remove", key->path, name);
	for (size_t i = 0; i < list->count; i++)
		if (identity_of(key, list->item[i]))
			strv_add(&names, identity_of(key, list->item[i]));
	if (!names.count)
		return err_hint(err, "'-' before a name takes it out of the inherited list, and "
				     "that is empty");
	nearest(name, (const char *const *)names.item, names.count, 1, &near);
	if (near.count)
		return err_hint(err, "did you mean '-%s'?", near.item[0]);
	return err_hint(err, "names must be as the inherited list has them");
}

/* Adds item i of `over` to the list, unless it is there already: two recipes may well name the same
 * package, and the later one says which version. The same path of a file means another file in
 * another recipe. True if the item was taken out of `over`. */
static bool add_item(const struct schema_key *key, struct node *list, struct node *over, size_t i)
{
	size_t at;

	if (key->type == SCHEMA_WORDS && has_item(key, list, over->item[i]->text, &at)) {
		if (streq(list->item[at]->text, over->item[i]->text))
			return false;
		node_free(node_take(list, at));
	}
	node_add(list, node_take(over, i));
	return true;
}

/* The items of a, then those of b that are not among them (b may be NULL): "main, contrib". */
static char *list_text(const struct schema_key *key, const struct node *a, const struct node *b)
{
	CLEANUP(strv_release) struct strv names = { 0 };
	size_t at;

	for (size_t i = 0; i < a->count; i++)
		strv_add(&names, a->item[i]->text);
	for (size_t i = 0; b && i < b->count; i++)
		if (!has_item(key, a, b->item[i]->text, &at))
			strv_add(&names, b->item[i]->text);
	return strv_join(&names, ", ");
}

/* Up to netrescue 0.1 a list replaced a default, so a recipe of those days is told. One that names
 * all that the default has means the same today. */
static void note_default(const struct schema_key *key, const struct node *list,
			 const struct node *over)
{
	cleanup_free char *has = list_text(key, list, NULL), *alone = list_text(key, over, NULL),
			  *both = list_text(key, list, over);
	bool same = true;
	size_t at;

	if (!err_has_lines(over->at.file))
		return; /* --set KEY+=VALUE says what it does */
	for (size_t i = 0; i < over->count; i++)
		if (node_is_removal(over->item[i]))
			return;
	for (size_t i = 0; i < list->count && same; i++)
		same = has_item(key, over, list->item[i]->text, &at);
	if (!same)
		log_note("%s:%u: '%s' adds to the default, which is %s; up to netrescue 0.1 it "
			 "replaced it. Write '" NODE_REPLACE " [%s]' to replace it, or '[%s]' to "
			 "say the same without this note",
			 over->at.file, over->at.line, key->path, has, alone, both);
}

static int adds_nothing(const struct schema_key *key, const struct node *over, struct err *err)
{
	position_error(&over->at, err, "'%s' adds nothing to the inherited list", key->path);
	if (!err_has_lines(over->at.file))
		return err_hint(err, "to have none of it, write --set %s=[]", key->path);
	return err_hint(err, "to have none of it, write '%s: " NODE_REPLACE " []'",
			schema_leaf(key));
}

static int merge_list(const struct schema_key *key, struct node *base, struct node *over,
		      struct err *err)
{
	size_t i, at;

	if (!over->replaces && !over->count && base->count)
		return adds_nothing(key, over, err);
	if (!over->replaces && base->count && !base->at.line)
		note_default(key, base, over);
	if (over->replaces || !base->at.line)
		base->at = over->at;
	while (over->replaces && base->count)
		node_free(node_take(base, base->count - 1));
	for (i = 0; i < over->count; i++) {
		if (!node_is_removal(over->item[i]))
			continue;
		if (!has_item(key, base, over->item[i]->text + 1, &at))
			return nothing_to_remove(key, base, over->item[i], err);
		node_free(node_take(base, at));
	}
	for (i = 0; i < over->count;) {
		if (node_is_removal(over->item[i]) || !add_item(key, base, over, i))
			i++;
	}
	if (base->count > NODE_LIST_MAX)
		return position_error(&over->at, err, "'%s' has more than %d items", key->path,
				      NODE_LIST_MAX);
	return 0;
}

static int merge_mapping(const char *parent, struct node *base, struct node *over, bool inherits,
			 struct err *err)
{
	while (over->count) {
		cleanup_free char *leaf = xstrdup(over->key[0].name);
		const struct node_key name = { leaf, over->key[0].at };
		cleanup_free char *path =
			*parent ? xasprintf("%s.%s", parent, leaf) : xstrdup(leaf);
		const struct schema_key *key = schema_find(path);
		CLEANUP(node_cleanup) struct node *value = node_take(over, 0);
		struct node *below = node_get(base, leaf);
		int r = 0;

		if (!key || (!schema_is_list(key) && value->kind != NODE_MAPPING)) {
			node_set(base, &name, take_ptr(value));
			continue;
		}
		if (!below || below->kind != value->kind) {
			below = inherits && schema_is_list(key) ? default_list(key, value)
								: empty_node(value);
			node_set(base, &name, below);
		}
		r = schema_is_list(key) ? merge_list(key, below, value, err)
					: merge_mapping(path, below, value, inherits, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int merge_recipes(struct node *base, struct node *over, struct node **ret, struct err *err)
{
	CLEANUP(node_cleanup) struct node *tree = base ? base : empty_node(over);
	int r = merge_mapping("", tree, over, base != NULL, err);

	if (r < 0)
		return r;
	*ret = take_ptr(tree);
	return 0;
}
