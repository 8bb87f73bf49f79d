/* SPDX-License-Identifier: MIT */
/* Any text as one line, and back: newline, tab and backslash are written \n, \t and \\. */
#pragma once

#include <stdbool.h>

#include "base/text.h"

/* Appends s to ret as a line without newline or tab. */
void line_escape(const char *s, struct text *ret);
/* Appends what line_escape() was given; false if that cannot have written this. */
bool line_unescape(const char *line, struct text *ret);
