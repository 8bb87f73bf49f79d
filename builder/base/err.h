/* SPDX-License-Identifier: MIT */
/*
 * The error value. A function that can fail is
 *
 *	int foo(..., T *ret_x, struct err *err)
 *
 * It returns 0, or a negative value with *err filled and its ret_ outputs untouched. The place that
 * finds the failure says with err_set() what failed, on what, and why. A caller may add what it was
 * doing with err_wrap(), which puts its text before the message ("fetching 'x': connection
 * refused"); err_hint() adds what the reader can do about it. The error is printed once, by main()
 * (err-report.h).
 *
 *	if (fd < 0)
 *		return err_errno(err, ERR_BUILD, errno, "cannot open '%s'", path);
 *	...
 *	r = fetch(..., err);
 *	if (r < 0)
 *		return err_wrap(err, "reading suite '%s'", suite);
 *
 * The caller owns the value, which begins zeroed:
 *
 *	CLEANUP(err_release) struct err err = { 0 };
 *
 * A function that wants to look at a failure, and perhaps go on, passes an error value of its own;
 * err_move() hands it to the caller after all:
 *
 *	CLEANUP(err_release) struct err own = { 0 };
 *	r = fetch(..., &own);
 *	if (r < 0 && own.class != ERR_NETWORK)
 *		return err_move(err, &own);
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>

#include "base/cleanup.h"

/* What kind of failure it is; err_exit_code() (err-report.h) makes the exit code of it. */
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
	int errnum;	  /* positive errno, or 0 */
	char *message;	  /* "what: why"; callers put their wraps before it */
	char *hint;	  /* the way out, or NULL; the first hint stays */
	char *file;	  /* the text file or the option ("--set KEY") it is about, or NULL */
	unsigned line;	  /* in that file, from 1; 0: the file as a whole */
	unsigned column;  /* in characters, from 1; 0: the whole line */
	bool line_hidden; /* that line holds a secret and must not be shown */
};

/* Fills *err and returns its negative value (see err_value()). An err that is already set keeps its
 * class and message: the first failure is the one to report. err may not be NULL. */
int err_set(struct err *err, enum err_class class, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* As err_set(), and appends ": " and the text of errnum, a positive errno value. ENOSPC adds a
 * hint. */
int err_errno(struct err *err, enum err_class class, int errnum, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* As err_set(), at a position of a text file (recipe, lock, overlay rules). Columns count
 * characters; 0 means the whole line. */
int err_at(struct err *err, enum err_class class, const char *file, unsigned line, unsigned column,
	   const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Whether an error's .file is a file rather than an option of the command line, which has no lines
 * to be named. */
bool err_has_lines(const char *file);

/* The error's line holds a secret: err_print() does not show it. */
void err_hide_line(struct err *err);

/* Puts "text: " before the message of an error that is set; returns its negative value. */
int err_wrap(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a hint to an error that is set, if it has none yet; returns its negative value. */
int err_hint(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What a function returns whose *err is set like this: -errnum, or -EIO where there is no errno. */
int err_value(const struct err *err);

/* Moves an error that is set into a value that is not, and leaves the first empty; returns its
 * negative value. */
int err_move(struct err *to, struct err *from);

/* Frees what *err owns and zeroes it. */
void err_release(struct err *err);
