// SPDX-License-Identifier: MIT
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
	case SCHEMA_KEYS:
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

/* "`a`, `b`" of words. Caller frees. */
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

static int finish(FILE *to)
{
	return fflush(to) == 0 && !ferror(to) ? 0 : -EIO;
}

static void write_template_names(FILE *to)
{
	CLEANUP(text_release) struct text names = { 0 };

	template_list(&names);
	fputs(names.data, to);
}

int schema_write_markdown(FILE *to)
{
	fprintf(to, "%s\n", guide_head);
	write_table(to, "");
	for (size_t i = 0; i < schema_count; i++) {
		const struct schema_key *k = &schema[i];

		if (k->type != SCHEMA_SECTION && k->type != SCHEMA_ENTRIES)
			continue;
		fprintf(to, "### %s: %s\n\n", k->path, k->doc);
		write_table(to, k->path);
	}
	fputs(guide_overlays, to);
	write_template_names(to);
	return finish(to);
}

/* A text as YAML: quoted where it would be something else. */
static void write_scalar(FILE *to, const char *text)
{
	const bool plain = *text && !strpbrk(text, ":#{}[]&*!|>'\"%@`,") && *text != '-';

	fprintf(to, plain ? "%s" : "\"%s\"", text);
}

static void write_example_value(FILE *to, const struct schema_key *key)
{
	const char *value = key->fallback && *key->fallback ? key->fallback : key->example;
	CLEANUP(strv_release) struct strv words = { 0 };

	if (key->type == SCHEMA_IDS) {
		fprintf(to, " %s", value);
		return;
	}
	if (!schema_is_list(key)) {
		fputs(" ", to);
		write_scalar(to, value ? value : "");
		return;
	}
	strv_split(&words, value ? value : "", " ");
	fputs(" [", to);
	for (size_t i = 0; i < words.count; i++) {
		fputs(i ? ", " : "", to);
		write_scalar(to, words.item[i]);
	}
	fputs("]", to);
}

/* What must be there is written out, all else stands in comments: its default or an example. A
 * comment about a key of a section survives taking the section's '#' away. */
static void write_example_keys(FILE *to, const char *parent, unsigned depth)
{
	const struct schema_key *of = schema_find(parent);
	const bool inside = of && of->type == SCHEMA_ENTRIES;
	bool first = true;

	for (const struct schema_key *k = NULL; (k = schema_next(parent, k)); first = false) {
		const char *mark = k->shown || (k->required && !depth) ? "" : "#";
		const int spaces = (int)depth * 2;

		if (!inside && depth)
			fprintf(to, "\n%s%*s# %s\n", of->shown ? "" : "#", spaces, "", k->doc);
		else if (!inside)
			fprintf(to, "\n# %s\n", k->doc);
		fprintf(to, "%s%*s%s%s:", mark, spaces, "", inside ? (first ? "- " : "  ") : "",
			schema_leaf(k));
		if (k->type == SCHEMA_SECTION || k->type == SCHEMA_ENTRIES) {
			fputs("\n", to);
			write_example_keys(to, k->path, depth + 1);
			continue;
		}
		write_example_value(to, k);
		fprintf(to, inside ? "  # %s\n" : "\n", k->doc);
	}
}

int schema_write_example(FILE *to)
{
	fputs("# A recipe with every key. What begins with '#' is the default, or an example\n"
	      "# where there is none: take the '#' away and change it. docs/recipe.md has more.\n",
	      to);
	write_example_keys(to, "", 0);
	return finish(to);
}
