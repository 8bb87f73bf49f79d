/* SPDX-License-Identifier: MIT */
/*
 * An error as one line of text, for a process that hands its failure to the one that started it:
 * nothing is lost on the way, neither class nor hint nor position. The sandbox's messages carry
 * such a line (sandbox/protocol.h), of which the position is not believed, and so do the answers of
 * the workers that rewrite packages (deb/deb.h).
 *
 * The line holds the fields of struct err in their order, with tabs between them and
 * line_escape()d.
 */
#pragma once

#include "base/err.h"
#include "base/text.h"

/* Appends the line to ret, without a newline. */
void err_to_line(const struct err *err, struct text *ret);

/* Sets *err, unless it is set already, as the other process had it; ERR_BUILD if the line does not
 * hold an error. Returns the negative value of the error. */
int err_from_line(const char *line, struct err *err);
