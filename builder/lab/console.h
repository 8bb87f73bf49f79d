/* SPDX-License-Identifier: MIT */
/*
 * What a machine writes to its serial line, read from the file to which QEMU appends it. The text
 * is kept without what only moves a cursor or sets a colour (ECMA-48 sequences, carriage returns),
 * so that words can be found in it; the file has every byte, up to a limit at which console_poll()
 * fails.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text.h"

struct console {
	char *path; /* owned */
	int fd;	    /* owned; -1 until the file is there */
	struct text text;
	size_t received; /* bytes of the file */
	size_t escape;	 /* 0: not in a sequence; else how many of its bytes were read */
	bool csi;	 /* it is a control sequence, which ends at a letter */
};

void console_init(struct console *c, const char *path);
/* Reads what is new. It is no error if the file is not there yet. */
int console_poll(struct console *c, struct err *err);
/* The first place of words at or after the offset `from`, or NULL. */
const char *console_find(const struct console *c, size_t from, const char *words);
/* The last `lines` lines, as they are; of long ones the end. */
const char *console_end(const struct console *c, size_t lines);
/* The line around `place` (of console_find), some thousand bytes at most, without the time that a
 * kernel puts before it ("[    3.141593] "); caller frees. */
char *console_line(const struct console *c, const char *place);
void console_release(struct console *c);
