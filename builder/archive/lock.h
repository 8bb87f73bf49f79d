/* SPDX-License-Identifier: MIT */
/*
 * The lock: everything that decides the bytes and nothing else. deb822 text, sorted, one fact a
 * line:
 *
 *	Format: 2
 *	Recipe: rescue64
 *	Recipe-SHA256: …              recipe.digest
 *	Inputs:
 *	 menu …                       recipe.inputs: what of the recipe makes up that digest
 *	 overlays[0] …
 *	Suite: trixie
 *	Architecture: amd64
 *	Source-Date-Epoch: 1787976000
 *	Bytes-Epoch: 1
 *	Packages-SHA256: …            of all that follows: what was edited or cut off is refused
 *
 *	Package: bash
 *	Version: 5.2.37-2+b5
 *	Architecture: amd64
 *	Suite: trixie
 *	Component: main                      (absent for local packages)
 *	Path: pool/main/b/bash/…
 *	Size: 1495968
 *	SHA256: …
 *	Role: image | boot
 *	Flags: automatic base essential      (absent if none)
 *	Installed-Size: 7000000
 *	Repository: …                        (absent for Debian's own archive)
 *
 * Sorted by Package, Architecture, Role. lock_text() and lock_read() are each other's inverse: a
 * file that lock_text() would not write is refused. Format 1 had neither Inputs nor
 * Packages-SHA256; it is still read, for `netrescue gc` and comparisons.
 */
#pragma once

#include "archive/fetch.h"
#include "archive/mirror.h"
#include "deb/package.h"
#include "base/store.h"
#include "base/err.h"
#include "base/netrescue.h"
#include "recipe/recipe.h"

struct lock {
	char *path; /* of the file it was read from; NULL if it was made */
	char *recipe_name;
	char recipe_digest[DIGEST_HEX];
	struct strv inputs; /* empty: format 1 */
	char *suite;
	char *architecture;
	int64_t source_date_epoch;
	int bytes_epoch;
	struct packages packages;
	char digest[DIGEST_HEX]; /* SHA-256 of the text */
};

/* Takes packages. SOURCE_DATE_EPOCH is the newest ar time stamp of them all: from the store where
 * the .deb is there, else the first 132 bytes by range request. offline: only from the store.
 * ERR_BUILD if the clock is behind it. */
int lock_make(struct store *s, const struct recipe *recipe, const struct mirrors *mirrors,
	      bool offline, struct packages *packages, struct lock *ret, struct err *err);

/* The text; the same lock gives the same bytes. Ends with a newline; caller frees. */
char *lock_text(const struct lock *l);
/* Strict: unknown fields, missing fields, wrong order, doubles are ERR_TRUST with file:line. */
int lock_read(const char *path, struct lock *ret, struct err *err);
/* ERR_TRUST, at the lock's line, if it was made from another recipe, overlay, script or
 * bytes-epoch: the message names what has changed. ERR_BUILD if the clock is behind
 * Source-Date-Epoch: two builds would then differ. */
int lock_check(const struct lock *l, const struct recipe *recipe, struct err *err);
/* Of that, suite and architecture only. */
int lock_check_kind(const struct lock *l, const struct recipe *recipe, struct err *err);
/* 20260829T041900Z-1f3a9c2e: the epoch in UTC and 8 hex digits of the digest. */
char *lock_version(const struct lock *l);
void lock_release(struct lock *l);

/* Every .deb of the lock into the store: from the mirrors, the local ones from the recipe's files.
 * Shows progress as stage "fetch", in bytes. Afterwards the packages' own time stamps must give the
 * lock's Source-Date-Epoch: ERR_TRUST if not (a mirror lied when the lock was made, or it was
 * edited). */
int lock_fetch(struct store *s, const struct lock *l, const struct recipe *recipe,
	       const struct mirrors *mirrors, bool offline, struct err *err);
/* The same of what is in the store already, without the recipe's own `debs:`. ERR_NETWORK if a
 * package is not there, ERR_TRUST if one was damaged; a warning names each. */
int lock_need(struct store *s, const struct lock *l, struct err *err);
/* The same of the packages that are wanted (by index), fetched from the mirrors where they are not
 * there; mirrors NULL: they must be. */
int lock_obtain(struct store *s, const struct lock *l, const bool *wanted,
		const struct mirrors *mirrors, struct err *err);
