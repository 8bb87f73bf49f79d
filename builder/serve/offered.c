/* SPDX-License-Identifier: MIT */
#include "serve/offered.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "recipe/format.h"
#include "serve/session.h"

#define FORMAT 1
#define ENTRIES_MAX 256
#define TIMEOUT_MAX 35996
#define COMMAND_LINE_MAX 2047
#define TITLE_MAX 200

static const struct {
	const char *name;
	enum menu_kind kind;
} kinds[] = {
	{ "local", MENU_LOCAL },
	{ "memtest", MENU_MEMTEST },
	{ "rescue", MENU_RESCUE },
};

static const char *string_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static int wrong(const char *path, const char *what, struct err *err)
{
	return err_set(err, ERR_TRUST, "'%s' has no usable %s", path, what);
}

static bool has_form(const struct format *format, const char *value)
{
	const char *hint = NULL;

	return value && (*value ? format->is(value, &hint) : format->empty);
}

/* A title may have become longer than a recipe's by a kernel's release. */
static bool is_title(const char *s)
{
	for (const char *p = s; p && *p; p++)
		if (!isprint((unsigned char)*p) || strchr("'\"\\$`{}^", *p))
			return false;
	return s && *s && strlen(s) <= TITLE_MAX;
}

static bool is_label(const char *s)
{
	return s && session_is_label(s);
}

static bool is_file(const char *s)
{
	return s && session_is_file(s);
}

/* Of words that loaders take as they are. */
static bool is_append(const char *s)
{
	for (const char *p = s; p && *p; p++)
		if (!isprint((unsigned char)*p) || strchr("\"'\\$`{}<>|;&#", *p))
			return false;
	return s && strlen(s) <= COMMAND_LINE_MAX;
}

static bool take_kind(const char *name, enum menu_kind *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (name && streq(kinds[i].name, name)) {
			*ret = kinds[i].kind;
			return true;
		}
	return false;
}

static int take_entry(const char *path, const json_t *from, struct menu *m, struct err *err)
{
	const char *label = string_of(from, "label"), *title = string_of(from, "title");
	const char *kernel = string_of(from, "kernel"), *initrd = string_of(from, "initrd");
	const char *append = string_of(from, "append") ?: "";
	enum menu_kind kind;

	if (!take_kind(string_of(from, "kind"), &kind) || !is_label(label) || !is_title(title) ||
	    !is_append(append))
		return wrong(path, "entry of the menu", err);
	if (kind == MENU_RESCUE && (!is_file(kernel) || !is_file(initrd)))
		return wrong(path, "kernel and initramfs of an entry", err);
	if (kind == MENU_MEMTEST && (!kernel || !streq(kernel, MENU_MEMTEST_PATH)))
		return wrong(path, "memory test", err);
	GROW(m->entry, m->count, m->allocated);
	m->entry[m->count++] = (struct menu_entry){
		.kind = kind,
		.label = xstrdup(label),
		.title = xstrdup(title),
		.kernel = kind == MENU_LOCAL ? NULL : xstrdup(kernel),
		.initrd = kind == MENU_RESCUE ? xstrdup(initrd) : NULL,
		.append = xstrdup(append),
	};
	if (ends_with(label, "-serial"))
		m->serial = true;
	return 0;
}

static int take_choice(const char *path, const json_t *from, const struct menu *m,
		       struct menu_choice *ret, struct err *err)
{
	const char *label = string_of(from, "entry");
	json_int_t timeout = json_integer_value(json_object_get(from, "timeout"));

	if (timeout < 0 || timeout > TIMEOUT_MAX)
		return wrong(path, "time-out", err);
	for (size_t i = 0; label && i < m->count; i++) {
		if (!streq(m->entry[i].label, label))
			continue;
		*ret = (struct menu_choice){
			.label = m->entry[i].label,
			.timeout = (int)timeout,
			.at_once = json_is_true(json_object_get(from, "at-once")),
		};
		return 0;
	}
	return wrong(path, "default entry", err);
}

static int take_clients(const char *path, const json_t *clients, struct offered *o, struct err *err)
{
	const char *mac;
	json_t *value;

	/* jansson's macro wants a value that is not const, and changes nothing. */
	json_object_foreach((json_t *)(uintptr_t)clients, mac, value)
	{
		struct menu_choice choice;
		int r;

		if (!has_form(&format_mac, mac) || strchr(mac, '-'))
			return wrong(path, "MAC address", err);
		r = take_choice(path, value, &o->menu, &choice, err);
		if (r < 0)
			return r;
		GROW(o->client, o->client_count, o->client_allocated);
		o->client[o->client_count++] =
			(struct menu_client){ .mac = xstrdup(mac), .choice = choice };
	}
	return 0;
}

static int take_menu(const char *path, const json_t *from, struct offered *o, struct err *err)
{
	const json_t *entries = json_object_get(from, "entries");
	const char *title = string_of(from, "title");
	int r = 0;

	if (!is_title(title))
		return wrong(path, "title", err);
	if (json_array_size(entries) > ENTRIES_MAX)
		return wrong(path, "number of entries", err);
	o->menu.title = xstrdup(title);
	for (size_t i = 0; r == 0 && i < json_array_size(entries); i++)
		r = take_entry(path, json_array_get(entries, i), &o->menu, err);
	if (r < 0 || !o->menu.count)
		return r;
	r = take_choice(path, json_object_get(from, "default"), &o->menu, &o->choice, err);
	return r < 0 ? r : take_clients(path, json_object_get(from, "clients"), o, err);
}

int offered_parse(const char *path, const char *text, size_t length, struct offered *ret,
		  struct err *err)
{
	CLEANUP(json_cleanup) json_t *from = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL);
	CLEANUP(offered_release) struct offered o = { 0 };
	const char *recipe = string_of(from, "recipe"), *version = string_of(from, "version");
	int r;

	if (!from || json_integer_value(json_object_get(from, "format")) != FORMAT)
		return wrong(path, "content: it is of no format known here", err);
	if (!has_form(&format_name, recipe) || !is_label(version))
		return wrong(path, "recipe and version", err);
	o.recipe = xstrdup(recipe);
	o.version = xstrdup(version);
	r = take_menu(path, from, &o, err);
	if (r < 0)
		return r;
	*ret = TAKE(o);
	return 0;
}

void offered_release(struct offered *o)
{
	for (size_t i = 0; i < o->client_count; i++)
		free(o->client[i].mac);
	free(o->client);
	free(o->recipe);
	free(o->version);
	menu_release(&o->menu);
	*o = (struct offered){ 0 };
}

char *offered_make(const json_t *manifest)
{
	CLEANUP(json_cleanup) json_t *o = json_object();
	const json_t *menu = json_object_get(manifest, "menu");
	static const char *const copied[] = { "entries", "default", "clients" };
	char *text;

	json_object_set_new(o, "format", json_integer(FORMAT));
	json_add_text(o, "recipe", string_of(manifest, "recipe"));
	json_add_text(o, "version", string_of(manifest, "version"));
	json_add_text(o, "title", string_of(menu, "title") ?: "Network boot");
	for (size_t i = 0; i < ARRAY_SIZE(copied); i++) {
		json_t *value = json_object_get(menu, copied[i]);

		if (value)
			json_object_set(o, copied[i], value);
	}
	text = json_dumps(o, JSON_INDENT(2));
	if (!text)
		abort();
	return text;
}
