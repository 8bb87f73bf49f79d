/* SPDX-License-Identifier: MIT */
#include "serve/site-menu.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "recipe/format.h"
#include "recipe/node.h"
#include "serve/session.h"

#define EARLIER_MAX 20
#define TIMEOUT_MAX 35996

/* The label of an entry of the menu: RECIPE.LABEL, site.LABEL, local, memtest. */
static bool is_label(const char *value, const char **hint)
{
	(void)hint;
	return session_is_label(value);
}
static const struct format format_entry = {
	.is = is_label,
	.noun = "the label of an entry",
	.rule = "as `netrescue list` shows them: RECIPE.LABEL, site.LABEL, local, memtest",
};

static bool is_file(const char *value, const char **hint)
{
	(void)hint;
	return session_is_file(value);
}
static const struct format format_file = {
	.is = is_file,
	.noun = "a file below the TFTP root",
	.rule = "relative to it, of letters, digits and any of / - . _ +, at most 127",
};

static int misplaced(const struct node *n, struct err *err, const char *wanted)
{
	char shown[64];

	return position_error(&n->at, err, "%s is expected here, not %s", wanted,
			      node_text(n, shown));
}

static int take_text(const struct node *n, const struct format *format, char **ret, struct err *err)
{
	const char *hint = NULL;

	if (n->kind != NODE_SCALAR)
		return misplaced(n, err, format->noun);
	if (*n->text ? !format->is(n->text, &hint) : !format->empty) {
		position_error(&n->at, err, "'%s' is not %s", n->text, format->noun);
		return err_hint(err, "%s", hint ? hint : format->rule);
	}
	free(*ret);
	*ret = xstrdup(n->text);
	return 0;
}

static int take_number(const struct node *n, uint64_t most, uint64_t *ret, struct err *err)
{
	uint64_t number;

	if (n->kind != NODE_SCALAR || parse_u64(n->text, &number) < 0 || number > most)
		return misplaced(n, err, "a number");
	*ret = number;
	return 0;
}

static int take_order(const struct node *n, struct strv *ret, struct err *err)
{
	if (n->kind != NODE_LIST)
		return misplaced(n, err, "a list of recipes");
	for (size_t i = 0; i < n->count; i++) {
		cleanup_free char *name = NULL;
		int r = take_text(n->item[i], &format_name, &name, err);

		if (r < 0)
			return r;
		strv_add(ret, name);
	}
	return 0;
}

static int take_entry_key(const char *key, const struct node *n, struct menu_entry *e,
			  struct err *err)
{
	if (streq(key, "label"))
		return take_text(n, &format_entry, &e->label, err);
	if (streq(key, "title"))
		return take_text(n, &format_menu_text, &e->title, err);
	if (streq(key, "kernel"))
		return take_text(n, &format_file, &e->kernel, err);
	if (streq(key, "initrd"))
		return take_text(n, &format_file, &e->initrd, err);
	if (streq(key, "append"))
		return take_text(n, &format_append, &e->append, err);
	position_error(&n->at, err, "an entry has no '%s'", key);
	return err_hint(err, "it has label, title, kernel, initrd and append");
}

static int take_entry(const struct node *n, struct menu *m, struct err *err)
{
	struct menu_entry *e;

	if (n->kind != NODE_MAPPING)
		return misplaced(n, err, "an entry with label, title and kernel");
	GROW(m->entry, m->count, m->allocated);
	e = &m->entry[m->count++];
	*e = (struct menu_entry){ .kind = MENU_RESCUE, .plain = true };
	for (size_t i = 0; i < n->count; i++) {
		int r = take_entry_key(n->key[i].name, n->item[i], e, err);

		if (r < 0)
			return r;
	}
	if (!e->label || !e->title || !e->kernel)
		return position_error(&n->at, err, "an entry needs label, title and kernel");
	for (size_t i = 0; i + 1 < m->count; i++)
		if (streq(m->entry[i].label, e->label))
			return position_error(&n->at, err, "two entries have the label '%s'",
					      e->label);
	if (!e->append)
		e->append = xstrdup("");
	return 0;
}

static int take_entries(const struct node *n, struct menu *m, struct err *err)
{
	if (n->kind != NODE_LIST)
		return misplaced(n, err, "a list of entries");
	for (size_t i = 0; i < n->count; i++) {
		int r = take_entry(n->item[i], m, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int take_key(const struct node_key *key, const struct node *n, struct site_menu *site,
		    struct err *err)
{
	uint64_t number = 0;
	int r;

	if (streq(key->name, "title"))
		return take_text(n, &format_menu_text, &site->title, err);
	if (streq(key->name, "order"))
		return take_order(n, &site->order, err);
	if (streq(key->name, "default"))
		return take_text(n, &format_entry, &site->choice, err);
	if (streq(key->name, "entries"))
		return take_entries(n, &site->entries, err);
	if (streq(key->name, "earlier")) {
		r = take_number(n, EARLIER_MAX, &number, err);
		site->earlier = (unsigned)number;
		return r;
	}
	if (streq(key->name, "timeout")) {
		r = take_number(n, TIMEOUT_MAX, &number, err);
		site->timeout = (int)number;
		return r;
	}
	position_error(&key->at, err, "unknown key '%s'", key->name);
	return err_hint(err, "there are title, order, earlier, default, timeout and entries");
}

int site_menu_parse(const char *path, const char *text, size_t length, struct site_menu *ret,
		    struct err *err)
{
	CLEANUP(site_menu_release) struct site_menu site = SITE_MENU_INIT;
	CLEANUP(node_cleanup) struct node *root = NULL;
	int r = node_parse(path, text, length, &root, err);

	for (size_t i = 0; r == 0 && i < root->count; i++)
		r = take_key(&root->key[i], root->item[i], &site, err);
	if (r < 0)
		return r;
	*ret = TAKE(site);
	return 0;
}

void site_menu_release(struct site_menu *site)
{
	free(site->title);
	free(site->choice);
	strv_release(&site->order);
	menu_release(&site->entries);
	*site = (struct site_menu)SITE_MENU_INIT;
}

int site_clients_parse(const char *path, const char *text, size_t length, json_t **ret,
		       struct err *err)
{
	CLEANUP(json_cleanup) json_t *clients = json_loadb(text, length, 0, NULL);
	const char *mac, *hint = NULL;
	json_t *label;

	if (!json_is_object(clients))
		return err_set(err, ERR_TRUST, "'%s' is not JSON of clients", path);
	json_object_foreach(clients, mac, label)
	{
		if (!format_mac.is(mac, &hint) || strchr(mac, '-') || !json_is_string(label) ||
		    !is_label(json_string_value(label), &hint))
			return err_set(err, ERR_TRUST, "'%s' has no usable entry for '%s'", path,
				       mac);
	}
	*ret = take_ptr(clients);
	return 0;
}
