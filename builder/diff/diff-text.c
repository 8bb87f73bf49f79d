/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "diff/diff-parts.h"

#define NAME_WIDTH_MAX 40
#define VALUES_WIDTH_MAX 80 /* of old and new together; else each gets a line */

struct page {
	struct text text;
	const struct diff_heading *heading;
	bool colour;
	int width; /* of names */
};

static const char *sign(enum change_kind kind)
{
	return kind == CHANGE_ADDED ? "+" : kind == CHANGE_REMOVED ? "-" : "~";
}

static const char *colour_of(enum change_kind kind)
{
	return kind == CHANGE_ADDED ? "\033[32m" : kind == CHANGE_REMOVED ? "\033[31m" : "\033[33m";
}

static void add_coloured(struct page *p, const char *colour, const char *s)
{
	text_printf(&p->text, "%s%s%s", p->colour ? colour : "", s, p->colour ? "\033[0m" : "");
}

static int columns(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static char *escaped(const char *s)
{
	CLEANUP(text_release) struct text t = { 0 };

	text_add(&t, "");
	text_add_escaped(&t, s);
	return text_take(&t);
}

static char *value(const struct page *p, const json_t *j)
{
	cleanup_free char *plain = diff_value_text(p->heading, j);

	return escaped(plain);
}

static void add_long(struct page *p, const char *old, const char *new)
{
	while (p->text.length && p->text.data[p->text.length - 1] == ' ')
		p->text.data[--p->text.length] = '\0';
	text_add(&p->text, "\n      ");
	add_coloured(p, colour_of(CHANGE_REMOVED), "-");
	text_printf(&p->text, " %s\n      ", old);
	add_coloured(p, colour_of(CHANGE_ADDED), "+");
	text_printf(&p->text, " %s", new);
}

/* "old -> new", or what there is of it; each on a line of its own if they are long. */
static void add_values(struct page *p, const char *old, const char *new)
{
	if (!*old || !*new || streq(old, new))
		text_add(&p->text, *new ? new : old);
	else if (columns(old) + columns(new) <= VALUES_WIDTH_MAX)
		text_printf(&p->text, "%s -> %s", old, new);
	else
		add_long(p, old, new);
}

static void add_change(struct page *p, const struct change *c)
{
	cleanup_free char *name = escaped(c->name);
	cleanup_free char *old = value(p, c->old);
	cleanup_free char *new = value(p, c->new);
	cleanup_free char *words = escaped(c->words ? c->words : "");
	bool values = *old || *new;

	text_add(&p->text, "  ");
	add_coloured(p, colour_of(c->kind), sign(c->kind));
	text_printf(&p->text, " %s", name);
	if (values || *words) {
		int padding = p->width - columns(name);

		text_printf(&p->text, "%*s", padding > 0 ? padding + 2 : 2, "");
	}
	add_values(p, old, new);
	if (*words)
		text_printf(&p->text, values ? "  (%s)" : "%s", words);
	text_add(&p->text, "\n");
}

static void add_heading(struct page *p, const struct diff *d, size_t most)
{
	size_t first, count = diff_below(d, p->heading, &first), shown;
	cleanup_free char *heading = xasprintf("%s (%zu)", p->heading->text, count);

	if (count == 0)
		return;
	shown = most && count > most ? most : count;
	p->width = 0;
	for (size_t i = first; i < first + shown; i++) {
		cleanup_free char *name = escaped(d->item[i].name);
		int width = columns(name);

		if (width > p->width && width <= NAME_WIDTH_MAX)
			p->width = width;
	}
	text_add(&p->text, "\n");
	add_coloured(p, "\033[1m", heading);
	text_add(&p->text, "\n");
	for (size_t i = first; i < first + shown; i++)
		add_change(p, &d->item[i]);
	if (shown < count)
		text_printf(&p->text, "    and %zu more (--all shows them)\n", count - shown);
}

void diff_print_text(const struct diff *d, size_t most, FILE *to)
{
	struct page p = { .colour = log_colour_suits(fileno(to)) };
	cleanup_free char *old = diff_side_text(&d->old);
	cleanup_free char *new = diff_side_text(&d->new);
	cleanup_free char *plain = diff_summary(d);
	cleanup_free char *summary = escaped(plain);

	text_printf(&p.text, "old: %s\nnew: %s\n", old, new);
	if (diff_remark(d))
		text_printf(&p.text, "%s\n", diff_remark(d));
	text_printf(&p.text, "%s\n", summary);
	for (size_t i = 0; i < diff_heading_count; i++) {
		p.heading = &diff_headings[i];
		add_heading(&p, d, most);
	}
	(void)fwrite(p.text.data, 1, p.text.length, to);
	text_release(&p.text);
}
