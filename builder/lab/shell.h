/* SPDX-License-Identifier: MIT */
/*
 * A root shell on a machine's second serial port, where no kernel line cuts words in two. One
 * script at a time: shell_begin(), then shell_poll() until it has an answer. Scripts are for
 * bash(1), which is Essential; they run in a process of their own with stdin from /dev/null,
 * stderr joined to stdout.
 *
 * QEMU holds the port as a listening unix socket; what is written to it waits for whoever opens the
 * port in the machine.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/text.h"

struct shell {
	int fd;		   /* owned */
	struct text heard; /* since the last answer */
	unsigned number;   /* of the script under way; its marks carry it */
	bool ready;	   /* somebody answers */
	bool busy;
};
#define SHELL_INIT                                                                                 \
	{                                                                                          \
		.fd = -1                                                                           \
	}

int shell_open(struct shell *s, const char *path, struct err *err);
/* Whether these words came from the port by themselves, before shell_greet(). */
int shell_heard(struct shell *s, const char *words, bool *ret, struct err *err);
/* Makes the terminal silent. To be called once, when a shell is known to be there. */
int shell_greet(struct shell *s, struct err *err);
/* Sends a script; nothing else may be under way. */
int shell_begin(struct shell *s, const char *script, struct err *err);
/* True once it has ended: its output, of the last newline freed, and its status. */
int shell_poll(struct shell *s, bool *ret_ended, struct text *ret_output, int *ret_status,
	       struct err *err);
void shell_release(struct shell *s);
