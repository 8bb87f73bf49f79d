/* SPDX-License-Identifier: MIT */
/*
 * Text for man pages, in the part of troff's man macros that groff and mandoc agree on. Two marks
 * of Markdown are understood: `code` becomes bold, and *emphasis* becomes italic. Characters that
 * are not ASCII are written as escapes, so that the page needs no encoding.
 */
#pragma once

#include <stdio.h>

/* On the current line, which the caller has begun and ends: the argument of a macro. */
void troff_put(const char *text, FILE *to);
/* Filled text, each sentence on a line of its own; an empty line begins a paragraph. Ends the
 * line. */
void troff_text(const char *text, FILE *to);
/* Lines that stay as they are, indented: a command, a file. Ends the line. Unless it is the
 * first of a section, the caller begins a paragraph for it. */
void troff_verbatim(const char *text, FILE *to);
/* The tag of an indented paragraph, in bold; the paragraph follows by troff_text(). */
void troff_tag(const char *tag, FILE *to);
