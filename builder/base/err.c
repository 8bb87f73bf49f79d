/* SPDX-License-Identifier: MIT */
#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

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

bool err_has_lines(const char *file)
{
	const char *slash = strrchr(file, '/');

	return strncmp(slash ? slash + 1 : file, "--", 2) != 0;
}

void err_hide_line(struct err *err)
{
	err->line_hidden = true;
}

void err_release(struct err *err)
{
	free(err->message);
	free(err->hint);
	free(err->file);
	*err = (struct err){ 0 };
}
