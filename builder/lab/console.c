/* SPDX-License-Identifier: MIT */
#include "lab/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* More than any boot writes. A machine that writes for ever must not fill memory and disk, not even
 * with what is left out of the text. */
#define CONSOLE_MAX ((size_t)64 << 20)
#define PIECE ((size_t)16 << 10)
/* What is shown of it, in bytes: a line need not end. */
#define SHOWN_MAX ((size_t)4000)
#define ESC '\033'

void console_init(struct console *c, const char *path)
{
	*c = (struct console){ .path = xstrdup(path), .fd = -1 };
	text_add(&c->text, "");
}

/* ECMA-48 5.3, 5.4: ESC [ parameters 30-3F, intermediates 20-2F, a final byte 40-7E; any other ESC
 * is followed by one byte (with an intermediate before it for character sets). */
static void take_byte(struct console *c, char byte)
{
	if (byte == ESC) {
		c->escape = 1;
		c->csi = false;
	} else if (c->escape == 1) {
		c->csi = byte == '[';
		c->escape = c->csi || (byte >= 0x20 && byte <= 0x2f) ? 2 : 0;
	} else if (c->escape > 1) {
		bool ends = !c->csi || (byte >= 0x40 && byte <= 0x7e);

		c->escape = ends ? 0 : c->escape + 1;
		/* Words before and after a move of the cursor do not belong together. */
		if (ends && c->csi && strchr("HfABCDGd", byte))
			text_append(&c->text, "\n", 1);
	} else if (byte == '\n' || byte == '\t' || (unsigned char)byte >= 0x20) {
		text_append(&c->text, &byte, 1);
	}
}

int console_poll(struct console *c, struct err *err)
{
	char piece[PIECE];
	ssize_t n;

	if (c->fd < 0)
		c->fd = open(c->path, O_RDONLY | O_CLOEXEC);
	if (c->fd < 0 && errno == ENOENT)
		return 0;
	if (c->fd < 0)
		return err_errno(err, ERR_BOOT, errno, "cannot open '%s'", c->path);
	while ((n = read(c->fd, piece, sizeof(piece))) > 0) {
		c->received += (size_t)n;
		if (c->received > CONSOLE_MAX)
			return err_set(err, ERR_BOOT,
				       "the machine has written more than %zu bytes to '%s'",
				       CONSOLE_MAX, c->path);
		for (ssize_t i = 0; i < n; i++)
			take_byte(c, piece[i]);
	}
	return n < 0 ? err_errno(err, ERR_BOOT, errno, "cannot read '%s'", c->path) : 0;
}

const char *console_find(const struct console *c, size_t from, const char *words)
{
	if (from > c->text.length)
		return NULL;
	return memmem(c->text.data + from, c->text.length - from, words, strlen(words));
}

const char *console_end(const struct console *c, size_t lines)
{
	const char *p = c->text.data + c->text.length;
	const char *first = c->text.length > SHOWN_MAX ? p - SHOWN_MAX : c->text.data;

	for (size_t seen = 0; p > first; p--)
		if (p[-1] == '\n' && ++seen > lines)
			break;
	return p;
}

char *console_line(const struct console *c, const char *place)
{
	const char *begin = place, *end = place, *time;

	while (begin > c->text.data && begin[-1] != '\n' && place - begin < (ptrdiff_t)SHOWN_MAX)
		begin--;
	while (*end && *end != '\n' && end - place < (ptrdiff_t)SHOWN_MAX)
		end++;
	time = memchr(begin, ']', (size_t)(place - begin));
	if (*begin == '[' && time &&
	    strspn(begin + 1, " .0123456789") == (size_t)(time - begin - 1))
		begin = time + 1 + strspn(time + 1, " ");
	return xstrndup(begin, (size_t)(end - begin));
}

void console_release(struct console *c)
{
	free(c->path);
	if (c->fd >= 0)
		(void)close(c->fd);
	text_release(&c->text);
	*c = (struct console){ .fd = -1 };
}
