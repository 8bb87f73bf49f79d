/* SPDX-License-Identifier: MIT */
/*
 * The lock names everything that decides the bytes of a result, and nothing else (docs/lock.md). It
 * is a deb822 text:
 *
 *	Format: 2
 *	Recipe: rescue64
 *	Recipe-SHA256: …              recipe.digest
 *	Inputs:
 *	 menu …                       recipe.inputs: the parts that make up that digest
 *	 overlays[0] …
 *	Suite: trixie
 *	Architecture: amd64
 *	Foreign-Architectures: i386   (absent if there are none)
 *	Left-Out:                     optional packages of the recipe that are not there; absent if
 *	 nvtop?                       there are none
 *	Snapshot: 20260901T000000Z    recipe.snapshot (absent if none)
 *	Source-Date-Epoch: 1787976000
 *	Bytes-Epoch: 3
 *	Packages-SHA256: …            of all that follows, so that a slip of an editor is found
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
 * The packages are sorted by Package, Architecture and Role. lock_text() and lock_read() are each
 * other's inverse: a file that lock_text() would not write is refused. Format 1 had neither Inputs
 * nor Packages-SHA256; it can still be read, for `netrescue gc` and comparisons.
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
	struct strv foreign; /* architectures, in the recipe's order */
	char *snapshot;	     /* NULL: none */
	int64_t source_date_epoch;
	int bytes_epoch;
	struct packages packages;
	char digest[DIGEST_HEX]; /* SHA-256 of the text */
};

/* Makes a lock of these packages, which it takes. Source-Date-Epoch is the newest time stamp in the
 * ar headers of their .debs: read from the store where a .deb is there, else from the first 132
 * bytes, which a range request fetches. offline: only from the store. ERR_BUILD if the clock is
 * behind Source-Date-Epoch. */
int lock_make(struct store *s, const struct recipe *recipe, const struct mirrors *mirrors,
	      bool offline, struct packages *packages, struct lock *ret, struct err *err);

/* The text of a lock; the same lock gives the same text. The caller frees it. */
char *lock_text(const struct lock *l);
/* Reads a lock file strictly: a field that is unknown, missing, out of order or given twice is
 * ERR_TRUST, at its line. */
int lock_read(const char *path, struct lock *ret, struct err *err);
/* The same for an open file; path is for messages. */
int lock_read_fd(int fd, const char *path, struct lock *ret, struct err *err);
/* Whether the lock fits the recipe and this program: ERR_TRUST, at a line of the lock, if the
 * recipe, one of its files or the bytes-epoch is another one; the message names what has changed.
 * ERR_BUILD if the clock is behind Source-Date-Epoch, because two builds would then differ. */
int lock_check(const struct lock *l, const struct recipe *recipe, struct err *err);
/* As lock_check(), but compares only suite and architecture. */
int lock_check_kind(const struct lock *l, const struct recipe *recipe, struct err *err);
/* The version of the result, 20260829T041900Z-1f3a9c2e: Source-Date-Epoch in UTC and the first 8
 * hex digits of the digest. The caller frees it. */
char *lock_version(const struct lock *l);
void lock_release(struct lock *l);

/* Brings every .deb of the lock into the store: from the mirrors, or, if it is local, from the
 * recipe's file. Shows its progress as stage "fetch", in bytes. Then the newest of the packages'
 * own time stamps must be the lock's Source-Date-Epoch: ERR_TRUST if it is not, because a mirror
 * lied when the lock was made, or the lock was edited. */
int lock_fetch(struct store *s, const struct lock *l, const struct recipe *recipe,
	       const struct mirrors *mirrors, bool offline, struct err *err);
/* Checks that the store has every .deb of the lock but the local ones. ERR_NETWORK if a package is
 * missing, ERR_TRUST if one was damaged; warnings name all of them. */
int lock_need(struct store *s, const struct lock *l, struct err *err);
/* As lock_need(), for some packages only: wanted[i] is about the i-th package of the lock. What the
 * store does not have is fetched from the mirrors, unless mirrors is NULL. */
int lock_obtain(struct store *s, const struct lock *l, const bool *wanted,
		const struct mirrors *mirrors, struct err *err);
