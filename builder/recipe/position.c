/* SPDX-License-Identifier: MIT */
#include "recipe/position.h"

#include "base/memory.h"
#include "base/text.h"

int position_error(const struct position *at, struct err *err, const char *format, ...)
{
	CLEANUP(text_release) struct text message = { 0 };
	va_list arguments;

	va_start(arguments, format);
	text_vprintf(&message, format, arguments);
	va_end(arguments);
	if (!at->file)
		return err_set(err, ERR_USAGE, "%s", message.data);
	return err_at(err, ERR_USAGE, at->file, at->line, at->column, "%s", message.data);
}

char *position_text(const struct position *at)
{
	return err_has_lines(at->file) ? xasprintf("%s:%u", at->file, at->line) : xstrdup(at->file);
}
