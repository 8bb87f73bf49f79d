/* SPDX-License-Identifier: MIT */
/*
 * The error value. A function that can fail is
 *
 *	int foo(..., T *ret_x, struct err *err)
 *
 * It returns 0, or a negative errno value with *err filled and its ret_ outputs untouched. The
 * place that finds the failure says what failed on what and why with err_set(); callers add what
 * they were doing with err_wrap(), which puts its text before the message ("fetching 'x':
 * connection refused"). A hint says what the reader can do. Only main() prints, once, with
 * err_print().
 *
 *	if (fd < 0)
 *		return err_errno(err, ERR_BUILD, errno, "cannot open '%s'", path);
 *	...
 *	r = fetch(..., err);
 *	if (r < 0)
 *		return err_wrap(err, "reading suite '%s'", suite);
 *
 * struct err is the caller's value, zero-initialised:
 *
 *	CLEANUP(err_release) struct err err = { 0 };
 */
#pragma once

#include <stdarg.h>
#include <stdio.h>

#include "base/cleanup.h"

/* What kind of failure; err_exit_code() maps it to the documented exit code. */
enum err_class {
	ERR_NONE = 0,
	ERR_BUILD,	 /* 1: the build failed */
	ERR_USAGE,	 /* 2: command line or recipe */
	ERR_TRUST,	 /* 3: signature, hash, expiry, lock mismatch */
	ERR_NETWORK,	 /* 4: no connection, 404, time-out, short transfer */
	ERR_BOOT,	 /* 5: boot or verification failed */
	ERR_INTERRUPTED, /* 128 + signal number: SIGINT, SIGTERM */
};

struct err {
	enum err_class class;
	int errnum;	 /* positive errno, or 0 */
	char *message;	 /* "what: why", wrapped by callers from the left */
	char *hint;	 /* the way out, or NULL; first setter wins */
	char *file;	 /* position for recipes, or NULL */
	unsigned line;	 /* 1-based, 0: none */
	unsigned column; /* 1-based, 0: none */
	char *excerpt;	 /* the source line at that position, or NULL */
};

/* Fills *err and returns -EIO (or -errnum for err_errno). An err that is already set keeps its
 * class and message: the first failure is the story. err may not be NULL. */
int err_set(struct err *err, enum err_class class, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Same, and appends ": strerror(errnum)". errnum is a positive errno value; ENOSPC adds a hint. */
int err_errno(struct err *err, enum err_class class, int errnum, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Same, at a position of a text file (recipe, lock, overlay owners). Columns count characters; 0:
 * the whole line. The excerpt is read from the file here. */
int err_at(struct err *err, enum err_class class, const char *file, unsigned line, unsigned column,
	   const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Puts "text: " before the message; returns the negative value the error was set with. */
int err_wrap(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a hint if there is none yet; returns the negative value the error was set with. */
int err_hint(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The value that a function returns whose *err is set like this. */
int err_value(const struct err *err);

/* Moves an error that is set from one value to another, which is not set, and leaves the first
 * empty; returns the negative value it was set with. */
int err_move(struct err *to, struct err *from);

/* Prints "netrescue: error: MESSAGE" (or "FILE:LINE:COL: error: MESSAGE", the source line and a
 * caret), then "hint: HINT". Control characters from data are escaped. Colour only on a
 * terminal. */
void err_print(const struct err *err, FILE *to);

/* The documented exit code of the error's class; 0 for ERR_NONE. */
int err_exit_code(const struct err *err);

/* Frees what *err owns and zeroes it. */
void err_release(struct err *err);
