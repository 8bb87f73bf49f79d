/* SPDX-License-Identifier: MIT */
/* As GitHub and GitLab read it (https://github.github.com/gfm/): tables are 4.10, code spans 6.3 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "diff/diff-parts.h"

/* A cell in a code span, where nothing but a bar and backticks has a meaning. */
static void add_code(struct text *t, const char *s)
{
	CLEANUP(text_release) struct text plain = { 0 };
	bool ticks = strchr(s, '`') != NULL;

	if (!*s) {
		text_add(t, " |");
		return;
	}
	text_add_escaped(&plain, s);
	text_add(t, ticks ? " `` " : " `");
	for (const char *c = plain.data; *c; c++) {
		if (*c == '|')
			text_add(t, "\\");
		text_append(t, c, 1);
	}
	text_add(t, ticks ? " `` |" : "` |");
}

/* Words of ours, with names from packages in them. */
static void add_words(struct text *t, const char *s)
{
	CLEANUP(text_release) struct text plain = { 0 };

	text_add(&plain, "");
	text_add_escaped(&plain, s);
	for (const char *c = plain.data; *c; c++) {
		if (strchr("\\`*_[]<|#@~&", *c))
			text_add(t, "\\");
		text_append(t, c, 1);
	}
}

/* Which columns the table of a heading has. */
struct table {
	const struct diff_heading *heading;
	bool kind, old, new, words;
};

static bool has_text(const struct diff_heading *h, const json_t *value)
{
	cleanup_free char *text = diff_value_text(h, value);

	return *text != '\0';
}

static void add_row(struct text *t, const struct table *table, const struct change *c)
{
	cleanup_free char *old = diff_value_text(table->heading, c->old);
	cleanup_free char *new = diff_value_text(table->heading, c->new);

	text_add(t, "|");
	if (table->kind)
		text_printf(t, " %s |", change_kind_names[c->kind]);
	add_code(t, c->name);
	if (table->old)
		add_code(t, old);
	if (table->new)
		add_code(t, new);
	if (table->words) {
		text_add(t, " ");
		add_words(t, c->words ? c->words : "");
		text_add(t, c->words ? " |" : "|");
	}
	text_add(t, "\n");
}

static void add_head(struct text *t, const struct table *table)
{
	text_printf(t, "|%s %s |%s%s%s\n", table->kind ? " |" : "", table->heading->noun,
		    table->old ? " old |" : "", table->new ? " new |" : "",
		    table->words ? " |" : "");
	text_printf(t, "|%s --- |%s%s%s\n", table->kind ? " --- |" : "", table->old ? " --- |" : "",
		    table->new ? " --- |" : "", table->words ? " --- |" : "");
}

static void add_table(struct text *t, const struct diff *d, const struct diff_heading *h,
		      size_t most)
{
	struct table table = { .heading = h };
	size_t first, count = diff_below(d, h, &first), shown;

	if (count == 0)
		return;
	shown = most && count > most ? most : count;
	for (size_t i = first; i < first + shown; i++) {
		const struct change *c = &d->item[i];

		table.old |= has_text(h, c->old);
		table.new |= has_text(h, c->new);
		table.words |= c->words != NULL;
		table.kind |= !h->by_kind && c->kind != CHANGE_CHANGED;
	}
	text_printf(t, "\n### %s (%zu)\n\n", h->text, count);
	add_head(t, &table);
	for (size_t i = first; i < first + shown; i++)
		add_row(t, &table, &d->item[i]);
	if (shown < count)
		text_printf(t, "\nand %zu more\n", count - shown);
}

void diff_print_markdown(const struct diff *d, size_t most, FILE *to)
{
	CLEANUP(text_release) struct text t = { 0 };
	cleanup_free char *old = diff_side_text(&d->old);
	cleanup_free char *new = diff_side_text(&d->new);
	cleanup_free char *summary = diff_summary(d);

	text_add(&t, "## ");
	add_words(&t, d->new.recipe);
	text_add(&t, ": ");
	add_words(&t, summary);
	text_add(&t, "\n\n");
	text_printf(&t, "- old: `%s`\n- new: `%s`\n", old, new);
	if (diff_remark(d))
		text_printf(&t, "- %s\n", diff_remark(d));
	for (size_t i = 0; i < diff_heading_count; i++)
		add_table(&t, d, &diff_headings[i], most);
	(void)fwrite(t.data, 1, t.length, to);
}
