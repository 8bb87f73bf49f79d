/* SPDX-License-Identifier: MIT */
/* What the lock's writer, reader and maker share; see lock.h. */
#pragma once

#include "archive/lock.h"

#define LOCK_FORMAT "2"
#define LOCK_FORMAT_BARE "1" /* without Inputs */
#define LOCK_ROLE_IMAGE "image"
#define LOCK_ROLE_BOOT "boot"
#define LOCK_SIZE_MAX (16 * 1024 * 1024) /* bytes of a lock file */

/* lock_read() of a text; path is for messages. */
int lock_parse(const char *path, const struct text *text, struct lock *ret, struct err *err);
/* Fills l->digest from its text. */
void lock_digest(struct lock *l);
/* The number of the line that reads so; 0 if there is none. */
unsigned lock_line(const struct lock *l, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* err_set(), at that line of the file if the lock was read from one. */
int lock_error(const struct lock *l, unsigned line, enum err_class class, struct err *err,
	       const char *format, ...) __attribute__((format(printf, 5, 6)));
/* ERR_BUILD if the clock is behind it. */
int lock_check_clock(int64_t source_date_epoch, struct err *err);
/* Copies the recipe's local .debs into the store. */
int lock_import_debs(struct store *s, const struct recipe *recipe, struct err *err);
/* Where a package is, best first; nothing for local ones. time: of the lock, for snapshots; 0: not
 * from them. */
void lock_urls(const struct package *p, const struct mirrors *mirrors, int64_t time,
	       struct strv *ret);
/* The time stamp in a package's own bytes, which the store must have: *ret is 0 with return 0 if it
 * has not. ERR_TRUST if those bytes are another package, or no package (lock-package.c). */
int lock_package_time(struct store *s, const struct package *p, int64_t *ret, struct err *err);
