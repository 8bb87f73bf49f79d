/* SPDX-License-Identifier: MIT */
#include "base/err-line.h"

#include <limits.h>
#include <string.h>

#include "base/line.h"
#include "base/memory.h"

#define ERRNO_MAX 4095 /* as the kernel has it */

enum { CLASS, ERRNUM, MESSAGE, HINT, FILE_NAME, LINE, COLUMN, LINE_HIDDEN, FIELDS };

static void add_text(struct text *t, const char *s)
{
	text_add(t, "\t");
	if (s)
		line_escape(s, t);
}

void err_to_line(const struct err *err, struct text *ret)
{
	text_printf(ret, "%d\t%d", (int)err->class, err->errnum);
	add_text(ret, err->message);
	add_text(ret, err->hint);
	add_text(ret, err->file);
	text_printf(ret, "\t%u\t%u\t%d", err->line, err->column, err->line_hidden);
}

/* The fields in place: the line's tabs become ends. */
static bool split(char *line, char *ret[FIELDS])
{
	for (int i = 0; i < FIELDS; i++) {
		char *tab = strchr(line, '\t');

		ret[i] = line;
		if ((tab == NULL) != (i == FIELDS - 1))
			return false;
		if (tab) {
			*tab = '\0';
			line = tab + 1;
		}
	}
	return true;
}

static bool read_number(const char *field, uint64_t most, uint64_t *ret)
{
	return parse_u64(field, ret) == 0 && *ret <= most;
}

/* An empty field stands for NULL. */
static bool read_text(const char *field, char **ret)
{
	CLEANUP(text_release) struct text t = { 0 };

	if (!line_unescape(field, &t))
		return false;
	*ret = t.length > 0 ? text_take(&t) : NULL;
	return true;
}

static bool read_err(char *const field[FIELDS], struct err *ret)
{
	uint64_t class, errnum, line, column, hidden;

	if (!read_number(field[CLASS], ERR_INTERRUPTED, &class) || class == ERR_NONE ||
	    !read_number(field[ERRNUM], ERRNO_MAX, &errnum) ||
	    !read_number(field[LINE], UINT_MAX, &line) ||
	    !read_number(field[COLUMN], UINT_MAX, &column) ||
	    !read_number(field[LINE_HIDDEN], 1, &hidden))
		return false;
	ret->class = (enum err_class) class;
	ret->errnum = (int)errnum;
	ret->line = (unsigned)line;
	ret->column = (unsigned)column;
	ret->line_hidden = hidden == 1;
	return read_text(field[MESSAGE], &ret->message) && ret->message &&
	       read_text(field[HINT], &ret->hint) && read_text(field[FILE_NAME], &ret->file);
}

int err_from_line(const char *line, struct err *err)
{
	cleanup_free char *copy = xstrdup(line);
	CLEANUP(err_release) struct err got = { 0 };
	char *field[FIELDS];

	if (!split(copy, field) || !read_err(field, &got))
		return err_set(err, ERR_BUILD, "another process failed and did not say how: '%s'",
			       line);
	return err->class == ERR_NONE ? err_move(err, &got) : err_value(err);
}
