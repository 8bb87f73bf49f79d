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

static struct variation *add(struct variations *list, const char *name)
{
	GROW(list->item, list->count, list->allocated);
	list->item[list->count] = (struct variation){ .name = one_line(name) };
	return &list->item[list->count++];
}

void variations_add(struct variations *list, const char *name, const char *from, const char *to)
{
	struct variation *new;

	if (streq(from, to)) {
		variations_add_not(list, name, "it is %s anyway", to);
		return;
	}
	new = add(list, name);
	new->from = one_line(from);
	new->to = one_line(to);
}

void variations_add_not(struct variations *list, const char *name, const char *format, ...)
{
	CLEANUP(text_release) struct text why = { 0 };
	struct variation *new = add(list, name);
	va_list arguments;

	va_start(arguments, format);
	text_vprintf(&why, format, arguments);
	va_end(arguments);
	new->from = xstrdup("");
	new->to = xstrdup("");
	new->why_not = one_line(why.data);
}

size_t variations_varied(const struct variations *list)
{
	size_t varied = 0;

	for (size_t i = 0; i < list->count; i++)
		varied += !list->item[i].why_not;
	return varied;
}

char *variations_text(const struct variations *list)
{
	struct text t = { 0 };

	text_add(&t, "");
	for (size_t i = 0; i < list->count; i++)
		text_printf(&t, "%s\t%s\t%s\t%s\n", list->item[i].name, list->item[i].from,
			    list->item[i].to, list->item[i].why_not ? list->item[i].why_not : "");
	return text_take(&t);
}

static int parse_line(char *line, struct variations *list, struct err *err)
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
		variations_add_not(list, field[0], "%s", field[3]);
	else
		variations_add(list, field[0], field[1], field[2]);
	return 0;
}

int variations_parse(const char *text, struct variations *ret, struct err *err)
{
	CLEANUP(strv_release) struct strv lines = { 0 };

	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.count; i++) {
		int r = parse_line(lines.item[i], ret, err);

		if (r < 0)
			return r;
	}
	return 0;
}

void variations_release(struct variations *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->item[i].name);
		free(list->item[i].from);
		free(list->item[i].to);
		free(list->item[i].why_not);
	}
	free(list->item);
	*list = (struct variations){ 0 };
}
