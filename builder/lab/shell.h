/* SPDX-License-Identifier: MIT */
/*
 * A root shell on a machine's second serial port, where no message of the kernel cuts words in two.
 * It runs one script at a time: shell_begin(), then shell_poll() until that has ended. Scripts are
 * for bash(1), which is Essential; each runs in a process of its own, with stdin from /dev/null and
 * stderr joined to stdout.
 *
 * For us the port is a unix socket at which QEMU listens. Something in the machine must have opened
 * the port before it gets what we write.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/text.h"

struct shell {
	int fd;		      /* owned */
	struct text received; /* since the last script ended */
	unsigned number;      /* of the script; it is in the lines that mark its output */
	bool busy;	      /* a script runs */
};
#define SHELL_INIT                                                                                 \
	{                                                                                          \
		.fd = -1                                                                           \
	}

int shell_open(struct shell *s, const char *path, struct err *err);
/* Whether the machine has written these words to the port; to be used before shell_set_up(). */
int shell_received(struct shell *s, const char *words, bool *ret, struct err *err);
/* Turns echo and prompts off. To be called once, when a shell is known to be there. */
int shell_set_up(struct shell *s, struct err *err);
/* Sends a script; none may be running. */
int shell_begin(struct shell *s, const char *script, struct err *err);
/* *ret_ended: the script has ended; then there are its output, without the last newline, and its
 * exit status. */
int shell_poll(struct shell *s, bool *ret_ended, struct text *ret_output, int *ret_status,
	       struct err *err);
void shell_release(struct shell *s);
