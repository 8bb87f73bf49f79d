/* SPDX-License-Identifier: MIT */
#include "base/err-report.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/interrupt.h"
#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"

/* The excerpt is looked for in the first megabyte of the file; a longer line is not shown. */
#define EXCERPT_FILE_MAX ((size_t)1024 * 1024)
#define EXCERPT_LINE_MAX 160

static struct remembered {
	char *file, *text;
} * remembered;
static size_t remembered_count, remembered_allocated;

static struct remembered *find_remembered(const char *file)
{
	for (size_t i = 0; i < remembered_count; i++)
		if (streq(remembered[i].file, file))
			return &remembered[i];
	return NULL;
}

void err_remember(const char *file, const char *text)
{
	struct remembered *entry = find_remembered(file);

	if (!entry) {
		GROW(remembered, remembered_count, remembered_allocated);
		entry = &remembered[remembered_count++];
		*entry = (struct remembered){ .file = xstrdup(file) };
	}
	free(entry->text);
	entry->text = xstrdup(text);
}

static char *line_of(const char *text, unsigned line)
{
	for (unsigned i = 1; i < line; i++) {
		text = strchr(text, '\n');
		if (!text)
			return NULL;
		text++;
	}
	size_t length = strcspn(text, "\r\n");
	return length > 0 && length <= EXCERPT_LINE_MAX ? xstrndup(text, length) : NULL;
}

/* The text of a line, or NULL where it cannot be read: an error is reported without it, too. */
static char *read_excerpt(const char *file, unsigned line)
{
	const struct remembered *known = find_remembered(file);
	struct stat st;

	if (known)
		return line_of(known->text, line);
	cleanup_fd int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return NULL;
	cleanup_free char *data = xmalloc(EXCERPT_FILE_MAX + 1);
	ssize_t size = read_all(fd, data, EXCERPT_FILE_MAX);
	if (size < 0)
		return NULL;
	data[size] = '\0';
	return line_of(data, line);
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

/* Adds the source line and a caret below it. Columns count characters, not bytes. */
static void add_excerpt(struct text *out, const struct err *err, const char *excerpt)
{
	CLEANUP(text_release) struct text before = { 0 };
	CLEANUP(text_release) struct text line = { 0 };
	unsigned character = 0;

	for (const char *p = excerpt; *p; p++) {
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

	if (err->class == ERR_NONE)
		return;
	bool has_line = err->file && err->line > 0 && err_has_lines(err->file);
	cleanup_free char *excerpt =
		has_line && !err->line_hidden ? read_excerpt(err->file, err->line) : NULL;
	text_add(&out, bold);
	text_add_escaped(&out, err->file ? err->file : "netrescue");
	if (has_line)
		text_printf(&out, ":%u", err->line);
	if (has_line && err->column > 0)
		text_printf(&out, ":%u", err->column);
	text_printf(&out, ":%s %serror:%s ", off, red, off);
	add_lines(&out, err->message);
	if (excerpt)
		add_excerpt(&out, err, excerpt);
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
