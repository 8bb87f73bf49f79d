/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "recipe/recipe-doc.h"
#include "recipe/schema.h"
#include "recipe/template.h"

static const char *type_name(const struct schema_key *key)
{
	switch (key->type) {
	case SCHEMA_EXTENDS:
	case SCHEMA_FILE:
		return "path";
	case SCHEMA_TEXT:
	case SCHEMA_RANGE:
	case SCHEMA_CHOICE:
		return "text";
	case SCHEMA_SWITCH:
		return "switch";
	case SCHEMA_NUMBER:
		return "number";
	case SCHEMA_WORDS:
	case SCHEMA_LINES:
		return "list";
	case SCHEMA_FOLDERS:
	case SCHEMA_FILES:
		return "list of paths";
	case SCHEMA_IDS:
	case SCHEMA_SECTION:
		return "mapping";
	case SCHEMA_ENTRIES:
		return "list of mappings";
	}
	abort();
}

/* "`a`, `b`" of the words "a b"; the caller frees it. */
static char *as_code(const char *words)
{
	CLEANUP(strv_release) struct strv list = { 0 };
	CLEANUP(strv_release) struct strv quoted = { 0 };

	strv_split(&list, words, " ");
	for (size_t i = 0; i < list.count; i++)
		strv_addf(&quoted, "`%s`", list.item[i]);
	return quoted.count ? strv_join(&quoted, ", ") : xstrdup("");
}

static char *default_text(const struct schema_key *key)
{
	if (key->required)
		return xstrdup("*required*");
	if (!key->fallback)
		return xstrdup("");
	if (!*key->fallback)
		return xstrdup(schema_is_list(key) ? "none" : "nothing");
	if (schema_is_list(key))
		return as_code(key->fallback);
	return xasprintf("`%s`", key->fallback);
}

/* What the value looks like: its type, then the words that are allowed, its bounds, or its form. */
static void write_form(FILE *to, const struct schema_key *key)
{
	const char *rule = key->format ? key->format->rule : "";

	fputs(type_name(key), to);
	if (key->allowed) {
		cleanup_free char *allowed = as_code(key->allowed);

		fprintf(to, ": %s%s", strchr(key->allowed, ' ') ? "" : "only ", allowed);
	} else if (key->type == SCHEMA_NUMBER) {
		fprintf(to, ": %d to %d", key->minimum, key->maximum);
	} else if (*rule) {
		fputs(": ", to);
		for (const char *p = rule; *p; p++)
			fprintf(to, *p == '|' ? "\\|" : "%c", *p);
	}
}

static void write_row(FILE *to, const struct schema_key *key)
{
	cleanup_free char *fallback = default_text(key);

	fprintf(to, "| `%s` | %s | %s | ", key->path, key->doc, fallback);
	write_form(to, key);
	fputs(" |\n", to);
}

static void write_table(FILE *to, const char *parent)
{
	fputs("| key | meaning | default | value |\n| --- | --- | --- | --- |\n", to);
	for (const struct schema_key *k = NULL; (k = schema_next(parent, k));)
		if (k->type != SCHEMA_SECTION)
			write_row(to, k);
	fputs("\n", to);
}

static void write_template_names(FILE *to)
{
	CLEANUP(text_release) struct text names = { 0 };

	template_list(&names);
	fputs(names.data, to);
}

int schema_write_markdown(FILE *to)
{
	fprintf(to, "%s\n", recipe_doc_head);
	write_table(to, "");
	for (size_t i = 0; i < schema_count; i++) {
		const struct schema_key *k = &schema[i];

		if (k->type != SCHEMA_SECTION && k->type != SCHEMA_ENTRIES)
			continue;
		fprintf(to, "### %s: %s\n\n", k->path, k->doc);
		write_table(to, k->path);
	}
	fputs(recipe_doc_accounts, to);
	fputs(recipe_doc_files, to);
	fputs(recipe_doc_overlays, to);
	write_template_names(to);
	return fflush(to) == 0 && !ferror(to) ? 0 : -EIO;
}
