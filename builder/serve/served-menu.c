/* SPDX-License-Identifier: MIT */
#include "serve/served-menu.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"

#define SITE_YAML "site.yaml"
#define CLIENTS_JSON "clients.json"
#define LOCAL "local"
#define MEMTEST "memtest"

/* ---- what is there --------------------------------------------------------------------------- */

/* One version that is spoilt is no reason to leave the others without a menu. */
static void take_offered(const struct reply_item *item, struct served *s)
{
	CLEANUP(offered_release) struct offered o = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *path = xasprintf("menu/%s/entries.json", item->text);
	cleanup_free char *name = NULL;
	int r = offered_parse(path, item->data, item->size, &o, &err);

	if (r == 0)
		name = xasprintf("%s/%s", o.recipe, o.version);
	if (r == 0 && !streq(name, item->text))
		r = err_set(&err, ERR_TRUST, "'%s' says that it is of %s", path, name);
	if (r < 0) {
		log_warning("%s: this version is left out of the menu", err.message);
		s->left_out++;
		return;
	}
	GROW(s->version, s->count, s->allocated);
	s->version[s->count++] = TAKE(o);
}

static int take_file(const struct reply_item *item, struct served *s, struct err *err)
{
	if (streq(item->text, SITE_YAML))
		return site_menu_parse("menu/" SITE_YAML, item->data, item->size, &s->site, err);
	if (streq(item->text, CLIENTS_JSON))
		return site_clients_parse("menu/" CLIENTS_JSON, item->data, item->size, &s->clients,
					  err);
	take_offered(item, s);
	return 0;
}

static size_t place_in_order(const struct strv *order, const char *recipe)
{
	for (size_t i = 0; i < order->count; i++)
		if (streq(order->item[i], recipe))
			return i;
	return order->count;
}

struct sorting {
	const struct served *s;
	const struct strv *first; /* RECIPE/VERSION */
};

static bool is_first(const struct sorting *sorting, const struct offered *o)
{
	cleanup_free char *name = xasprintf("%s/%s", o->recipe, o->version);

	return strv_has(sorting->first, name);
}

static int compare(const void *a_, const void *b_, void *data)
{
	const struct sorting *sorting = data;
	const struct offered *a = a_, *b = b_;
	size_t place_a = place_in_order(&sorting->s->site.order, a->recipe);
	size_t place_b = place_in_order(&sorting->s->site.order, b->recipe);

	if (place_a != place_b)
		return place_a < place_b ? -1 : 1;
	if (!streq(a->recipe, b->recipe))
		return strcmp(a->recipe, b->recipe);
	if (is_first(sorting, a) != is_first(sorting, b))
		return is_first(sorting, a) ? -1 : 1;
	return strcmp(b->version, a->version);
}

int served_read(const struct reply *reply, struct served *ret, struct err *err)
{
	CLEANUP(served_release) struct served s = SERVED_INIT;
	CLEANUP(strv_release) struct strv first = { 0 };
	const char *fact;
	int r = 0;

	for (size_t i = 0; r == 0 && i < reply->count; i++)
		if (reply->item[i].data)
			r = take_file(&reply->item[i], &s, err);
	if (r < 0)
		return r;
	for (size_t i = 0; (fact = reply_fact(reply, "first", i)); i++)
		strv_add(&first, fact);
	struct sorting sorting = { &s, &first };
	if (s.count)
		qsort_r(s.version, s.count, sizeof(*s.version), compare, &sorting);
	*ret = TAKE_LEAVING(s, SERVED_INIT);
	return 0;
}

void served_release(struct served *s)
{
	for (size_t i = 0; i < s->count; i++)
		offered_release(&s->version[i]);
	free(s->version);
	site_menu_release(&s->site);
	json_decref(s->clients);
	*s = (struct served)SERVED_INIT;
}

/* ---- the entries ----------------------------------------------------------------------------- */

static struct menu_entry *add_entry(struct menu *m, const struct menu_entry *from, char *label,
				    char *title)
{
	struct menu_entry *e;

	GROW(m->entry, m->count, m->allocated);
	e = &m->entry[m->count++];
	*e = (struct menu_entry){
		.kind = from->kind,
		.label = label,
		.title = title,
		.kernel = from->kernel ? xstrdup(from->kernel) : NULL,
		.initrd = from->initrd ? xstrdup(from->initrd) : NULL,
		.append = xstrdup(from->append ?: ""),
		.plain = from->plain,
	};
	return e;
}

static bool has_title(const struct menu *m, const char *title)
{
	for (size_t i = 0; i < m->count; i++)
		if (streq(m->entry[i].title, title))
			return true;
	return false;
}

static void add_version(struct menu *m, const struct offered *o, bool earlier)
{
	for (size_t i = 0; i < o->menu.count; i++) {
		const struct menu_entry *from = &o->menu.entry[i];
		struct menu_entry *e;

		if (from->kind != MENU_RESCUE)
			continue;
		if (earlier)
			e = add_entry(m, from,
				      xasprintf("%s.%s.%s", o->recipe, from->label, o->version),
				      xasprintf("%s (%s)", from->title, o->version));
		else
			e = add_entry(m, from, xasprintf("%s.%s", o->recipe, from->label),
				      has_title(m, from->title)
					      ? xasprintf("%s (%s)", from->title, o->recipe)
					      : xstrdup(from->title));
		e->earlier = earlier;
	}
	m->serial = m->serial || o->menu.serial;
}

/* The n-th version of its recipe, from 0. */
static size_t rank_of(const struct served *s, size_t i)
{
	size_t rank = 0;

	while (i > rank && streq(s->version[i - rank - 1].recipe, s->version[i].recipe))
		rank++;
	return rank;
}

static void add_versions(const struct served *s, struct menu *m, bool earlier)
{
	for (size_t i = 0; i < s->count; i++) {
		size_t rank = rank_of(s, i);

		if (earlier ? rank > 0 && rank <= s->site.earlier : rank == 0)
			add_version(m, &s->version[i], earlier);
	}
}

static const struct menu_entry *find_kind(const struct served *s, enum menu_kind kind)
{
	for (size_t i = 0; i < s->count; i++)
		for (size_t k = 0; k < s->version[i].menu.count; k++)
			if (s->version[i].menu.entry[k].kind == kind)
				return &s->version[i].menu.entry[k];
	return NULL;
}

static void add_common(const struct served *s, struct menu *m)
{
	const struct menu_entry *local = find_kind(s, MENU_LOCAL);
	const struct menu_entry *memtest = find_kind(s, MENU_MEMTEST);
	const struct menu_entry plain_local = { .kind = MENU_LOCAL };

	if (local || !m->count)
		add_entry(m, local ? local : &plain_local, xstrdup(LOCAL),
			  xstrdup(local ? local->title : "Boot locally"));
	if (memtest)
		add_entry(m, memtest, xstrdup(MEMTEST), xstrdup(memtest->title));
}

/* ---- the starts ------------------------------------------------------------------------------ */

static const char *find_label(const struct menu *m, const char *label)
{
	for (size_t i = 0; i < m->count; i++)
		if (streq(m->entry[i].label, label))
			return m->entry[i].label;
	return NULL;
}

/* What an entry of a version is called in this menu. */
static const char *label_of(const struct menu *m, const struct offered *o, const char *label)
{
	for (size_t i = 0; i < o->menu.count; i++) {
		const struct menu_entry *e = &o->menu.entry[i];
		cleanup_free char *own = xasprintf("%s.%s", o->recipe, label);

		if (!streq(e->label, label))
			continue;
		return find_label(m, e->kind == MENU_LOCAL     ? LOCAL
				     : e->kind == MENU_MEMTEST ? MEMTEST
							       : own);
	}
	return NULL;
}

static struct menu_choice choose(const struct served *s, const struct menu *m)
{
	struct menu_choice choice = { .label = m->entry[0].label, .timeout = 300 };
	const char *label = s->site.choice ? find_label(m, s->site.choice) : NULL;

	if (s->count && s->version[0].choice.label) {
		choice = s->version[0].choice;
		choice.label = label_of(m, &s->version[0], choice.label) ?: m->entry[0].label;
	}
	if (label)
		choice.label = label;
	else if (s->site.choice)
		log_warning("menu/" SITE_YAML ": there is no entry '%s': '%s' stays the default",
			    s->site.choice, choice.label);
	if (s->site.timeout >= 0)
		choice.timeout = s->site.timeout;
	return choice;
}

static void add_client(struct served_menu *m, const char *mac, const struct menu_choice *choice)
{
	cleanup_free char *lower = xstrdup(mac);

	for (char *p = lower; *p; p++)
		if (*p >= 'A' && *p <= 'F')
			*p = (char)(*p - 'A' + 'a');
	for (size_t i = 0; i < m->client_count; i++)
		if (streq(m->client[i].mac, lower))
			return;
	GROW(m->client, m->client_count, m->client_allocated);
	m->client[m->client_count++] = (struct menu_client){ take_ptr(lower), *choice };
}

static int compare_clients(const void *a, const void *b)
{
	return strcmp(((const struct menu_client *)a)->mac, ((const struct menu_client *)b)->mac);
}

/* Those of `netrescue menu` win over those of recipes. */
static void add_clients(const struct served *s, struct served_menu *m)
{
	const char *mac;
	json_t *value;

	json_object_foreach(s->clients, mac, value)
	{
		struct menu_choice choice = m->choice;

		choice.label = find_label(&m->menu, json_string_value(value));
		if (choice.label)
			add_client(m, mac, &choice);
		else
			log_warning("%s was to boot '%s', which is not in the menu any more: it "
				    "gets the default",
				    mac, json_string_value(value));
	}
	for (size_t i = 0; i < s->count; i++) {
		const struct offered *o = &s->version[i];

		for (size_t k = 0; rank_of(s, i) == 0 && k < o->client_count; k++) {
			struct menu_choice choice = o->client[k].choice;

			choice.label = label_of(&m->menu, o, choice.label);
			if (choice.label)
				add_client(m, o->client[k].mac, &choice);
		}
	}
	if (m->client_count)
		qsort(m->client, m->client_count, sizeof(*m->client), compare_clients);
}

int served_compose(const struct served *s, struct served_menu *ret, struct err *err)
{
	CLEANUP(served_menu_release) struct served_menu m = { 0 };

	(void)err;
	m.menu.heading = xstrdup("Generated by netrescue from what is on this server; "
				 "menu/" SITE_YAML " is for your own entries.");
	m.menu.title = xstrdup(s->site.title ? s->site.title
			       : s->count    ? s->version[0].menu.title
					     : "Network boot");
	add_versions(s, &m.menu, false);
	for (size_t i = 0; i < s->site.entries.count; i++)
		add_entry(&m.menu, &s->site.entries.entry[i],
			  xasprintf("site.%s", s->site.entries.entry[i].label),
			  xstrdup(s->site.entries.entry[i].title));
	add_versions(s, &m.menu, true);
	add_common(s, &m.menu);
	m.left_out = s->left_out;
	m.choice = choose(s, &m.menu);
	add_clients(s, &m);
	*ret = TAKE(m);
	return 0;
}

void served_menu_release(struct served_menu *m)
{
	for (size_t i = 0; i < m->client_count; i++)
		free(m->client[i].mac);
	free(m->client);
	menu_release(&m->menu);
	*m = (struct served_menu){ 0 };
}

int served_find_label(const struct served_menu *m, const char *label, const char **ret,
		      struct err *err)
{
	cleanup_free char *end = xasprintf(".%s", label);
	CLEANUP(strv_release) struct strv all = { 0 }, meant = { 0 };
	const char *found = find_label(&m->menu, label);

	for (size_t i = 0; i < m->menu.count; i++) {
		if (m->menu.entry[i].earlier)
			continue;
		strv_add(&all, m->menu.entry[i].label);
		if (ends_with(m->menu.entry[i].label, end)) {
			strv_add(&meant, m->menu.entry[i].label);
			found = found ? found : m->menu.entry[i].label;
		}
	}
	if (found && (find_label(&m->menu, label) || meant.count == 1)) {
		*ret = found;
		return 0;
	}
	cleanup_free char *list = strv_join(found ? &meant : &all, ", ");
	err_set(err, ERR_USAGE,
		found ? "'%s' may be any of several entries" : "the menu has no entry '%s'", label);
	return err_hint(err, "there are %s", list);
}
