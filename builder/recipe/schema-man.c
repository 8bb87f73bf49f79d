/* SPDX-License-Identifier: MIT */
#include "recipe/schema-man.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "base/netrescue.h"
#include "base/text.h"
#include "base/troff.h"
#include "recipe/schema.h"

/* The page is read line by line: of Markdown it has headings, paragraphs, lists, tables and
 * indented code, and no block inside another. */
enum block { BLOCK_NONE, BLOCK_PARAGRAPH, BLOCK_ITEM, BLOCK_CODE, BLOCK_TABLE };

struct page {
	FILE *to;
	enum block block;
	bool fresh;	     /* a heading has just been written, which is a break by itself */
	struct text text;    /* of the block so far */
	struct strv heading; /* of the table's columns */
};

static void page_release(struct page *p)
{
	text_release(&p->text);
	strv_release(&p->heading);
}

/* What was collected is written when the block ends. */
static void end_block(struct page *p)
{
	cleanup_free char *text = text_take(&p->text);

	switch (p->block) {
	case BLOCK_PARAGRAPH:
		fputs(p->fresh ? "" : ".PP\n", p->to);
		troff_text(text, p->to);
		break;
	case BLOCK_ITEM:
		fputs(".IP \\(bu 2\n", p->to);
		troff_text(text, p->to);
		break;
	case BLOCK_CODE:
		fputs(p->fresh ? "" : ".PP\n", p->to);
		troff_verbatim(text, p->to);
		break;
	case BLOCK_NONE:
	case BLOCK_TABLE:
		break;
	}
	p->fresh &= p->block == BLOCK_NONE;
	p->block = BLOCK_NONE;
}

static void begin_block(struct page *p, enum block block)
{
	end_block(p);
	p->block = block;
}

static void add_line(struct page *p, const char *line)
{
	if (p->text.length > 0)
		text_add(&p->text, "\n");
	text_add(&p->text, line);
}

/* "| a | b |": cells without the blanks around them; "\|" is a bar. */
static void split_row(const char *row, struct strv *ret)
{
	CLEANUP(text_release) struct text cell = { 0 };

	for (const char *s = row + 1; *s; s++) {
		if (s[0] == '\\' && s[1] == '|') {
			text_add(&cell, "|");
			s++;
		} else if (*s != '|') {
			text_append(&cell, s, 1);
		} else {
			cleanup_free char *text = text_take(&cell);
			const char *begin = text + strspn(text, " ");
			size_t length = strlen(begin);

			while (length > 0 && begin[length - 1] == ' ')
				length--;
			strv_add_take(ret, xstrndup(begin, length));
		}
	}
}

/* The first cell is the tag, the second the text, others follow under their column's heading. */
static void put_row(struct page *p, const struct strv *cells)
{
	fputs(".TP\n", p->to);
	troff_put(cells->item[0], p->to);
	fputs("\n", p->to);
	for (size_t i = 1; i < cells->count && i < p->heading.count; i++) {
		cleanup_free char *text =
			i == 1 ? xstrdup(cells->item[i])
			       : xasprintf("%s: %s", p->heading.item[i], cells->item[i]);

		if (!*cells->item[i])
			continue;
		if (i > 1)
			fputs(".br\n", p->to);
		troff_text(text, p->to);
	}
}

static void take_row(struct page *p, const char *line)
{
	CLEANUP(strv_release) struct strv cells = { 0 };

	if (starts_with(line, "| ---"))
		return;
	split_row(line, &cells);
	if (p->block == BLOCK_TABLE && cells.count > 0) {
		put_row(p, &cells);
		return;
	}
	begin_block(p, BLOCK_TABLE);
	strv_release(&p->heading);
	p->heading = TAKE(cells);
}

/* Sections are written in capitals, as man-pages(7) has it. The title is the page's name. */
static void take_heading(struct page *p, const char *line)
{
	const size_t level = strspn(line, "#");
	cleanup_free char *text = xstrdup(line + level + strspn(line + level, " "));

	begin_block(p, BLOCK_NONE);
	p->fresh = true;
	if (level == 1) {
		fputs(".SH DESCRIPTION\n", p->to);
		return;
	}
	for (char *s = text; level == 2 && *s; s++)
		*s = (char)toupper((unsigned char)*s);
	fputs(level == 2 ? ".SH " : ".SS ", p->to);
	troff_put(text, p->to);
	fputs("\n", p->to);
}

static void take_line(struct page *p, const char *line)
{
	if (*line == '#') {
		take_heading(p, line);
	} else if (*line == '|') {
		take_row(p, line);
	} else if (!*line && p->block != BLOCK_CODE) {
		begin_block(p, BLOCK_NONE);
	} else if (starts_with(line, "    ") && p->block != BLOCK_PARAGRAPH) {
		if (p->block != BLOCK_CODE)
			begin_block(p, BLOCK_CODE);
		add_line(p, line + 4);
	} else if (starts_with(line, "- ")) {
		begin_block(p, BLOCK_ITEM);
		add_line(p, line + 2);
	} else {
		if (p->block == BLOCK_NONE || p->block == BLOCK_CODE || p->block == BLOCK_TABLE)
			begin_block(p, BLOCK_PARAGRAPH);
		add_line(p, line);
	}
}

static int finish(FILE *to)
{
	return fflush(to) == 0 && !ferror(to) ? 0 : -EIO;
}

int schema_write_man(FILE *to)
{
	CLEANUP(page_release) struct page p = { .to = to };
	cleanup_free char *markdown = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&markdown, &size);
	int r = memory ? schema_write_markdown(memory) : -ENOMEM;

	if (memory && fclose(memory) != 0 && r >= 0)
		r = -EIO;
	if (r < 0)
		return r;
	fputs(".TH NETRESCUE\\-RECIPE 5 " NETRESCUE_DATE " \"netrescue " NETRESCUE_VERSION
	      "\" netrescue\n"
	      ".SH NAME\nnetrescue\\-recipe \\- what is in a rescue system and how it boots\n",
	      to);
	for (char *line = markdown, *next; *line; line = next) {
		size_t length = strcspn(line, "\n");

		next = line + length + (line[length] == '\n');
		line[length] = '\0';
		take_line(&p, line);
	}
	end_block(&p);
	fputs(".SH SEE ALSO\n.BR netrescue (1)\n", to);
	return finish(to);
}
