/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "recipe/schema.h"

/* Writes a text as YAML, in quotes where it would be read as something else. */
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

/* Keys that are required are written out; all others stand in comments, with their default or an
 * example. The comment about a key of a section stays one when the section's '#' is taken away. */
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
	return fflush(to) == 0 && !ferror(to) ? 0 : -EIO;
}
