/* SPDX-License-Identifier: MIT */
/*
 * How an error reaches the person at the terminal, and the exit code that scripts see. This is for
 * the main() of a program and for its workers; everybody else returns the error (err.h).
 *
 *	if (r < 0) {
 *		err_print(&err, stderr);
 *		return err_exit_code(&err);
 *	}
 */
#pragma once

#include <stdio.h>

#include "base/err.h"

/* Prints "netrescue: error: MESSAGE", or "FILE:LINE:COLUMN: error: MESSAGE" with that line of the
 * file and a caret below it; then "hint: HINT". The line is that of err_remember(), else it is read
 * from the file now; if that fails, the message is printed without it. Control characters from data
 * are escaped. There is colour only on a terminal. Prints nothing if no error is set. */
void err_print(const struct err *err, FILE *to);

/* Keeps the text that was read from a file, for err_print() to quote. Where others may change the
 * file, its name may lead to another by the time that an error is printed. A text that is kept
 * again under the same name takes the place of the first; all of them live as long as the program.
 */
void err_remember(const char *file, const char *text);

/* The documented exit code of the error's class, 128 + the signal's number for an interruption; 0
 * for ERR_NONE. */
int err_exit_code(const struct err *err);
