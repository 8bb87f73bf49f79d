/* SPDX-License-Identifier: MIT */
#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"

/* An excerpt is looked for in so many bytes of the file, and no longer than so many. */
#define EXCERPT_FILE_MAX ((size_t)1024 * 1024)
#define EXCERPT_LINE_MAX 160

int err_value(const struct err *err)
{
	return err->errnum > 0 ? -err->errnum : -EIO;
}

static bool is_set(const struct err *err)
{
	return err->class != ERR_NONE;
}

static char *format_message(const char *format, va_list arguments)
	__attribute__((format(printf, 1, 0)));

static char *format_message(const char *format, va_list arguments)
{
	struct text t = { 0 };

	text_vprintf(&t, format, arguments);
	return text_take(&t);
}

int err_set(struct err *err, enum err_class class, const char *format, ...)
{
	va_list arguments;

	assert(class != ERR_NONE);
	if (is_set(err))
		return err_value(err);
	va_start(arguments, format);
	err->message = format_message(format, arguments);
	va_end(arguments);
	err->class = class;
	return err_value(err);
}

int err_errno(struct err *err, enum err_class class, int errnum, const char *format, ...)
{
	va_list arguments;

	assert(class != ERR_NONE && errnum > 0);
	if (is_set(err))
		return err_value(err);
	va_start(arguments, format);
	cleanup_free char *what = format_message(format, arguments);
	va_end(arguments);

	const char *why = strerrordesc_np(errnum);
	err->message = why ? xasprintf("%s: %s", what, why)
			   : xasprintf("%s: error number %d", what, errnum);
	err->class = class;
	err->errnum = errnum;
	if (errnum == ENOSPC || errnum == EDQUOT)
		err->hint = xstrdup("make room on that file system, or choose another directory");
	return err_value(err);
}

/* The text of a line, or NULL: an excerpt is a courtesy, its absence no failure. */
static char *read_excerpt(const char *file, unsigned line)
{
	struct stat st;
	cleanup_fd int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return NULL;
	cleanup_free char *data = xmalloc(EXCERPT_FILE_MAX + 1);
	ssize_t size = read_all(fd, data, EXCERPT_FILE_MAX);
	if (size < 0)
		return NULL;
	data[size] = '\0';

	const char *p = data;
	for (unsigned i = 1; i < line; i++) {
		p = strchr(p, '\n');
		if (!p)
			return NULL;
		p++;
	}
	size_t length = strcspn(p, "\r\n");
	return length > 0 && length <= EXCERPT_LINE_MAX ? xstrndup(p, length) : NULL;
}

int err_at(struct err *err, enum err_class class, const char *file, unsigned line, unsigned column,
	   const char *format, ...)
{
	va_list arguments;

	assert(class != ERR_NONE);
	if (is_set(err))
		return err_value(err);
	va_start(arguments, format);
	err->message = format_message(format, arguments);
	va_end(arguments);
	err->class = class;
	err->file = xstrdup(file);
	err->line = line;
	err->column = column;
	err->excerpt = line > 0 ? read_excerpt(file, line) : NULL;
	return err_value(err);
}

int err_move(struct err *to, struct err *from)
{
	assert(is_set(from) && !is_set(to));
	*to = TAKE(*from);
	return err_value(to);
}

int err_wrap(struct err *err, const char *format, ...)
{
	va_list arguments;

	assert(is_set(err));
	va_start(arguments, format);
	cleanup_free char *doing = format_message(format, arguments);
	va_end(arguments);

	char *message = xasprintf("%s: %s", doing, err->message);
	free(err->message);
	err->message = message;
	return err_value(err);
}

int err_hint(struct err *err, const char *format, ...)
{
	va_list arguments;

	assert(is_set(err));
	if (!err->hint) {
		va_start(arguments, format);
		err->hint = format_message(format, arguments);
		va_end(arguments);
	}
	return err_value(err);
}

/* Later lines are indented, so that data cannot pass for a message of ours. */
static void add_lines(struct text *out, const char *s)
{
	for (;;) {
		size_t length = strcspn(s, "\n");
		cleanup_free char *line = xstrndup(s, length);

		for (char *p = line; *p; p++)
			if (*p == '\t')
				*p = ' ';
		text_add_escaped(out, line);
		text_add(out, "\n");
		if (!s[length] || !s[length + 1])
			return;
		text_add(out, "  ");
		s += length + 1;
	}
}

/* The source line and, below it, a caret. Columns count characters, not bytes. */
static void add_excerpt(struct text *out, const struct err *err)
{
	CLEANUP(text_release) struct text before = { 0 };
	CLEANUP(text_release) struct text line = { 0 };
	unsigned character = 0;

	for (const char *p = err->excerpt; *p; p++) {
		bool starts = (*p & 0xc0) != 0x80;

		if (starts && ++character < err->column)
			text_add(&before, " ");
		text_append(&line, *p == '\t' ? " " : p, 1);
	}
	text_printf(out, "%5u | ", err->line);
	text_add_escaped(out, line.data);
	text_add(out, "\n");
	if (err->column > 0 && err->column <= character + 1)
		text_printf(out, "      | %s^\n", before.data ? before.data : "");
}

void err_print(const struct err *err, FILE *to)
{
	CLEANUP(text_release) struct text out = { 0 };
	bool colour = to == stderr && log_has_colour();
	const char *red = colour ? "\033[1;31m" : "", *bold = colour ? "\033[1m" : "",
		   *off = colour ? "\033[0m" : "";

	if (!is_set(err))
		return;
	text_add(&out, bold);
	text_add_escaped(&out, err->file ? err->file : "netrescue");
	if (err->file && err->line > 0)
		text_printf(&out, ":%u", err->line);
	if (err->file && err->line > 0 && err->column > 0)
		text_printf(&out, ":%u", err->column);
	text_printf(&out, ":%s %serror:%s ", off, red, off);
	add_lines(&out, err->message);
	if (err->excerpt)
		add_excerpt(&out, err);
	if (err->hint) {
		text_printf(&out, "%shint:%s ", bold, off);
		add_lines(&out, err->hint);
	}
	(void)fwrite(out.data, 1, out.length, to);
	(void)fflush(to);
}

int err_exit_code(const struct err *err)
{
	switch (err->class) {
	case ERR_NONE:
		return 0;
	case ERR_BUILD:
		return 1;
	case ERR_USAGE:
		return 2;
	case ERR_TRUST:
		return 3;
	case ERR_NETWORK:
		return 4;
	case ERR_BOOT:
		return 5;
	case ERR_INTERRUPTED:
		return 128 + (interrupt_signal() ? interrupt_signal() : SIGINT);
	}
	return 1;
}

void err_release(struct err *err)
{
	free(err->message);
	free(err->hint);
	free(err->file);
	free(err->excerpt);
	*err = (struct err){ 0 };
}
