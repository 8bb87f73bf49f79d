/* SPDX-License-Identifier: MIT */
#include "publish/licence.h"

#include <ctype.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "deb/deb822.h"
#include "base/digest.h"
#include "base/memory.h"
#include "base/text.h"

#define FORMAT "/copyright-format/1.0"
#define REF_DIGITS 8

/* A text of one copyright file. A file may have any number of licences, and so they are looked up
 * in trees (tsearch(3)). */
struct licence_text {
	char *name; /* short name, in any case of letters */
	char *text;
};

struct conversion {
	void *const *texts; /* tree of struct licence_text */
	struct licence_refs *refs;
};

static int compare_texts(const void *a, const void *b)
{
	return strcasecmp(((const struct licence_text *)a)->name,
			  ((const struct licence_text *)b)->name);
}

static void free_text(void *p)
{
	struct licence_text *t = p;

	free(t->name);
	free(t->text);
	free(t);
}

static void texts_release(void **texts)
{
	tdestroy(*texts, free_text);
}

/* Takes the item into the tree; false if it has one like it, then the new one is freed. */
static bool add_to_tree(void *item, void **tree, int (*order)(const void *, const void *),
			void (*release)(void *))
{
	void *node = tsearch(item, tree, order);

	if (!node)
		abort();
	if (*(void **)node == item)
		return true;
	release(item);
	return false;
}

/* A short name's own stanza comes after those that use it; the first with a text counts. */
static void add_text(void **texts, const char *value)
{
	size_t line = strcspn(value, "\n");
	const char *text = value[line] == '\n' ? value + line + 1 : "";
	struct licence_text *t;

	if (*text == '\0')
		return;
	t = xmalloc(sizeof(*t));
	*t = (struct licence_text){ .name = xstrndup(value, line), .text = xstrdup(text) };
	(void)add_to_tree(t, texts, compare_texts, free_text);
}

static const char *find_text(void *const *texts, const char *name)
{
	cleanup_free char *copy = xstrdup(name);
	const struct licence_text key = { .name = copy };
	void *const *found = tfind(&key, texts, compare_texts);

	/* Not given: then the name is all there is. */
	return found ? ((const struct licence_text *)*found)->text : name;
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void add_reference(const struct conversion *c, const char *name, struct text *ret)
{
	const char *content = find_text(c->texts, name);
	CLEANUP(text_release) struct text id = { 0 };
	char digest[DIGEST_HEX];

	digest_bytes(content, strlen(content), digest);
	text_add(&id, "LicenseRef-");
	for (const char *p = name; *p; p++)
		text_printf(&id, "%c", isalnum((unsigned char)*p) || *p == '.' ? *p : '-');
	text_printf(&id, "-%.*s", REF_DIGITS, digest);
	text_add(ret, id.data);
	if (!add_to_tree(xstrdup(id.data), &c->refs->known, compare_ids, free))
		return;
	GROW(c->refs->item, c->refs->count, c->refs->allocated);
	c->refs->item[c->refs->count++] =
		(struct licence_ref){ text_take(&id), xstrdup(name), xstrdup(content) };
}

/* "GPL-2+", "GPL-2 with Linux-syscall-note exception" */
static void add_licence(const struct conversion *c, const char *name, struct text *ret)
{
	const char *with = strcasestr(name, " with ");
	cleanup_free char *licence = xstrndup(name, with ? (size_t)(with - name) : strlen(name));
	const char *id = licence_id(licence);
	const char *exception = with ? licence_exception_id(with + strlen(" with ")) : "";

	if (!id || !exception)
		add_reference(c, name, ret);
	else if (*exception)
		text_printf(ret, "%s WITH %s", id, exception);
	else
		text_add(ret, id);
}

/* Names joined by "and" and "or"; AND binds closer, in both notations. */
static void add_names(const struct conversion *c, const char *text, struct text *ret)
{
	CLEANUP(strv_release) struct strv word = { 0 };
	CLEANUP(strv_release) struct strv name = { 0 };

	strv_split(&word, text, " \t\n");
	for (size_t i = 0; i < word.count; i++) {
		bool is_and = strcasecmp(word.item[i], "and") == 0;
		bool is_operator = is_and || strcasecmp(word.item[i], "or") == 0;

		if (!is_operator)
			strv_add(&name, word.item[i]);
		if (name.count > 0 && (is_operator || i + 1 == word.count)) {
			cleanup_free char *whole = strv_join(&name, " ");

			add_licence(c, whole, ret);
			strv_release(&name);
		}
		if (is_operator && i + 1 < word.count)
			text_add(ret, ret->length == 0 ? "" : is_and ? " AND " : " OR ");
	}
}

/* A comma holds together what stands before it: "A or B, and C". */
static char *convert(const struct conversion *c, const char *synopsis)
{
	CLEANUP(strv_release) struct strv part = { 0 };
	CLEANUP(text_release) struct text whole = { 0 };

	strv_split(&part, synopsis, ",");
	for (size_t i = 0; i < part.count; i++) {
		const char *start = part.item[i] + strspn(part.item[i], " \t");
		bool is_or = strncasecmp(start, "or ", 3) == 0;
		bool is_and = strncasecmp(start, "and ", 4) == 0;
		CLEANUP(text_release) struct text piece = { 0 };

		add_names(c, start + (is_or ? 3 : is_and ? 4 : 0), &piece);
		if (piece.length == 0)
			continue;
		if (whole.length > 0)
			text_add(&whole, is_or ? " OR " : " AND ");
		text_printf(&whole, part.count > 1 && strstr(piece.data, " OR ") ? "(%s)" : "%s",
			    piece.data);
	}
	return whole.length > 0 ? text_take(&whole) : NULL;
}

/* 0 where the file is not what the format asks for. */
static int read_stanzas(const char *copyright, void **texts, struct strv *synopses)
{
	/* Without a name: what is wrong with it is told to nobody. */
	struct deb822 reader = { .name = "",
				 .data = copyright,
				 .size = strlen(copyright),
				 .class = ERR_BUILD,
				 .comments = true };
	CLEANUP(deb822_stanza_release) struct deb822_stanza stanza = { 0 };
	CLEANUP(err_release) struct err err = { 0 };
	bool first = true;
	int r;

	while ((r = deb822_next(&reader, &stanza, &err)) > 0) {
		const char *format = deb822_get(&stanza, "Format");
		const char *licence = deb822_get(&stanza, "License");

		if (first && (!format || !strstr(format, FORMAT)))
			return 0;
		if (licence)
			add_text(texts, licence);
		if (licence && (first || deb822_get(&stanza, "Files")))
			strv_add_take(synopses, xstrndup(licence, strcspn(licence, "\n")));
		first = false;
	}
	return r == 0 && !first;
}

static char *join(const struct strv *expression)
{
	CLEANUP(text_release) struct text t = { 0 };

	for (size_t i = 0; i < expression->count; i++) {
		const char *e = expression->item[i];
		bool group = expression->count > 1 && strstr(e, " OR ");

		text_printf(&t, group ? "%s(%s)" : "%s%s", i > 0 ? " AND " : "", e);
	}
	return t.length > 0 ? text_take(&t) : NULL;
}

char *licence_declared(const char *copyright, struct licence_refs *refs)
{
	CLEANUP(texts_release) void *texts = NULL;
	CLEANUP(strv_release) struct strv synopses = { 0 };
	CLEANUP(strv_release) struct strv expressions = { 0 };
	const struct conversion c = { .texts = &texts, .refs = refs };

	if (!read_stanzas(copyright, &texts, &synopses))
		return NULL;
	for (size_t i = 0; i < synopses.count; i++) {
		char *expression = convert(&c, synopses.item[i]);

		if (expression)
			strv_add_take(&expressions, expression);
	}
	strv_sort(&expressions);
	strv_unique(&expressions);
	return join(&expressions);
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct licence_ref *)a)->id, ((const struct licence_ref *)b)->id);
}

void licence_refs_sort(struct licence_refs *refs)
{
	if (refs->count > 0)
		qsort(refs->item, refs->count, sizeof(*refs->item), compare);
}

void licence_refs_release(struct licence_refs *refs)
{
	for (size_t i = 0; i < refs->count; i++) {
		free(refs->item[i].id);
		free(refs->item[i].name);
		free(refs->item[i].text);
	}
	free(refs->item);
	tdestroy(refs->known, free);
	*refs = (struct licence_refs){ 0 };
}
