/* SPDX-License-Identifier: MIT */
/* What the files share that write, read, make and fetch a lock. lock.h is the interface for
 * others. */
#pragma once

#include "archive/lock.h"

#define LOCK_FORMAT "2"
#define LOCK_FORMAT_BARE "1" /* without Inputs */
#define LOCK_ROLE_IMAGE "image"
#define LOCK_ROLE_BOOT "boot"
#define LOCK_SIZE_MAX (16 * 1024 * 1024) /* bytes of a lock file */

/* The store's facts about a package, by the SHA-256 of its .deb. What a mirror answered to a range
 * request is kept as hearsay, apart from what the package's own bytes say, until lock_fetch() has
 * compared the two. */
#define LOCK_FACT_DEB "deb" /* "TIME NAME VERSION ARCHITECTURE", or "TIME" (lock-package.c) */
#define LOCK_FACT_HEARSAY "epoch-hearsay" /* the time stamp that a mirror's answer had */

/* What lock_read() does, with a text; path is for messages. */
int lock_parse(const char *path, const struct text *text, struct lock *ret, struct err *err);
/* Fills l->digest from its text. */
void lock_digest(struct lock *l);
/* The number of the line that has exactly this text; 0 if there is none. */
unsigned lock_line(const struct lock *l, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Sets an error, at that line of the file if the lock was read from one. */
int lock_error(const struct lock *l, unsigned line, enum err_class class, struct err *err,
	       const char *format, ...) __attribute__((format(printf, 5, 6)));
/* ERR_BUILD if this machine's clock is behind that time. */
int lock_check_clock(int64_t source_date_epoch, struct err *err);
/* Copies the recipe's local .debs into the store. */
int lock_import_debs(struct store *s, const struct recipe *recipe, struct err *err);
/* Appends the URLs of a package, best first; a local one has none. time: the lock's, for snapshot
 * archives; 0: do not ask those. */
void lock_urls(const struct package *p, const struct mirrors *mirrors, int64_t time,
	       struct strv *ret);
/* The time stamp in a package's own bytes, which are read from the store. If the store does not
 * have them, it returns 0 and *ret is 0. ERR_TRUST if those bytes are another package, or no
 * package (lock-package.c). */
int lock_package_time(struct store *s, const struct package *p, int64_t *ret, struct err *err);
