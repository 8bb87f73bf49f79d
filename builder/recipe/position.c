/* SPDX-License-Identifier: MIT */
#include "recipe/position.h"

#include <stdio.h>

#include "base/memory.h"

int position_error(const struct position *at, struct err *err, const char *format, ...)
{
	cleanup_free char *message = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&message, format, arguments) < 0)
		abort();
	va_end(arguments);
	if (!at->file)
		return err_set(err, ERR_USAGE, "%s", message);
	return err_at(err, ERR_USAGE, at->file, at->line, at->column, "%s", message);
}

char *position_text(const struct position *at)
{
	return err_has_lines(at->file) ? xasprintf("%s:%u", at->file, at->line) : xstrdup(at->file);
}
