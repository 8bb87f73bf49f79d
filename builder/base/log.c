/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/progress.h"
#include "base/text.h"

static enum log_level level = LOG_NORMAL;

void log_set_level(enum log_level wanted)
{
	level = wanted;
}

bool log_colour_suits(int fd)
{
	const char *terminal = getenv("TERM"), *refused = getenv("NO_COLOR");

	/* no-color.org: NO_COLOR counts if it is present and not empty. */
	return isatty(fd) && terminal && !streq(terminal, "dumb") && !(refused && *refused);
}

bool log_has_colour(void)
{
	return log_colour_suits(STDERR_FILENO);
}

static void print(const char *colour, const char *kind, const char *format, va_list arguments)
	__attribute__((format(printf, 3, 0)));

static void print(const char *colour, const char *kind, const char *format, va_list arguments)
{
	CLEANUP(text_release) struct text message = { 0 };
	CLEANUP(text_release) struct text line = { 0 };
	bool coloured = *colour && log_has_colour();

	text_vprintf(&message, format, arguments);
	text_printf(&line, "netrescue: %s%s%s", coloured ? colour : "", kind,
		    coloured ? "\033[0m" : "");
	text_add_escaped(&line, message.data);
	text_add(&line, "\n");
	progress_clear();
	/* A line is one write, because children write to the same terminal. */
	(void)fwrite(line.data, 1, line.length, stderr);
	(void)fflush(stderr);
}

void log_warning(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print("\033[1;33m", "warning: ", format, arguments);
	va_end(arguments);
}

void log_note(const char *format, ...)
{
	va_list arguments;

	if (level < LOG_NORMAL)
		return;
	va_start(arguments, format);
	print("", "", format, arguments);
	va_end(arguments);
}

void log_debug(const char *format, ...)
{
	va_list arguments;

	if (level < LOG_VERBOSE)
		return;
	va_start(arguments, format);
	print("\033[2m", "debug: ", format, arguments);
	va_end(arguments);
}
