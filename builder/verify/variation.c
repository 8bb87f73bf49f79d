/* SPDX-License-Identifier: MIT */
#include "verify/variation.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define FIELDS 4

/* Fields are separated by tabs, variations by newlines, and what is shown is one line. */
static char *one_line(const char *s)
{
	char *copy = xstrdup(s ? s : "");

	for (char *p = copy; *p; p++)
		if ((unsigned char)*p < ' ')
			*p = '?';
	return copy;
}

static struct variation *add(struct variations *c, const char *name)
{
	GROW(c->item, c->count, c->allocated);
	c->item[c->count] = (struct variation){ .name = one_line(name) };
	return &c->item[c->count++];
}

void variations_add(struct variations *c, const char *name, const char *from, const char *to)
{
	struct variation *new;

	if (streq(from, to)) {
		variations_add_not(c, name, "it is %s anyway", to);
		return;
	}
	new = add(c, name);
	new->from = one_line(from);
	new->to = one_line(to);
}

void variations_add_not(struct variations *c, const char *name, const char *format, ...)
{
	CLEANUP(text_release) struct text why = { 0 };
	struct variation *new = add(c, name);
	va_list arguments;

	va_start(arguments, format);
	text_vprintf(&why, format, arguments);
	va_end(arguments);
	new->from = xstrdup("");
	new->to = xstrdup("");
	new->why_not = one_line(why.data);
}

size_t variations_varied(const struct variations *c)
{
	size_t varied = 0;

	for (size_t i = 0; i < c->count; i++)
		varied += !c->item[i].why_not;
	return varied;
}

char *variations_text(const struct variations *c)
{
	struct text t = { 0 };

	text_add(&t, "");
	for (size_t i = 0; i < c->count; i++)
		text_printf(&t, "%s\t%s\t%s\t%s\n", c->item[i].name, c->item[i].from, c->item[i].to,
			    c->item[i].why_not ? c->item[i].why_not : "");
	return text_take(&t);
}

static int parse_line(char *line, struct variations *c, struct err *err)
{
	const char *field[FIELDS];

	for (size_t i = 0; i < FIELDS; i++) {
		char *tab = strchr(line, '\t');

		if (!tab != (i == FIELDS - 1))
			return err_set(err, ERR_BUILD,
				       "the rebuild's report of its variations is damaged");
		field[i] = line;
		if (tab) {
			*tab = '\0';
			line = tab + 1;
		}
	}
	if (*field[3])
		variations_add_not(c, field[0], "%s", field[3]);
	else
		variations_add(c, field[0], field[1], field[2]);
	return 0;
}

int variations_parse(const char *text, struct variations *ret, struct err *err)
{
	CLEANUP(strv_release) struct strv lines = { 0 };
	int r = 0;

	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.count && r == 0; i++)
		r = parse_line(lines.item[i], ret, err);
	return r;
}

void variations_release(struct variations *c)
{
	for (size_t i = 0; i < c->count; i++) {
		free(c->item[i].name);
		free(c->item[i].from);
		free(c->item[i].to);
		free(c->item[i].why_not);
	}
	free(c->item);
	*c = (struct variations){ 0 };
}
