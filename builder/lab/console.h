/* SPDX-License-Identifier: MIT */
/*
 * What a machine writes to its serial line, read from the file that QEMU appends it to. The text is
 * kept without what only moves a cursor or sets a colour (ECMA-48 sequences, carriage returns), so
 * that words can be looked for; the file keeps every byte.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/text.h"

struct console {
	char *path; /* owned */
	int fd;	    /* owned; -1 until the file is there */
	struct text text;
	size_t escape; /* 0: not in a sequence; else how much of one was read */
	bool csi;      /* and that it is a control sequence: ends at a letter */
};

void console_init(struct console *c, const char *path);
/* Takes in what is new; true if there was something. */
int console_poll(struct console *c, bool *ret_new, struct err *err);
/* The first place of words at or after `from`, or NULL. */
const char *console_find(const struct console *c, size_t from, const char *words);
/* The last `lines` lines, as they are. */
const char *console_end(const struct console *c, size_t lines);
/* The whole line that `place` (of console_find) is in, without what a kernel puts before it
 * ("[    3.141593] "); caller frees. */
char *console_line(const struct console *c, const char *place);
void console_release(struct console *c);
