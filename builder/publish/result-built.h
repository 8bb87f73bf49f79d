/* SPDX-License-Identifier: MIT */
/*
 * Whether a result was built here. A result that agrees with itself (result-damage.h) may have been
 * made by anybody who can write to its directory, a cache of a CI service for instance. Where one
 * is taken in place of a build, the store has to remember that this user's netrescue has built it:
 * fact `result`, digest of the lock -> digest of SHA256SUMS, which has the digests of all files.
 *
 * It takes both, since this one does not look at the files:
 *
 *	r = result_damage(dir_fd, NULL, &damage, err);
 *	r = result_was_built(s, lock.digest, dir_fd, &built, err);
 */
#pragma once

#include <stdbool.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/store.h"

/* Remembers that the result in that directory was built from the lock with this digest. */
int result_note_built(struct store *s, const char lock_digest[DIGEST_HEX], int dir_fd,
		      struct err *err);
/* *ret: whether the store remembers that. A result without SHA256SUMS is none that was built. */
int result_was_built(struct store *s, const char lock_digest[DIGEST_HEX], int dir_fd, bool *ret,
		     struct err *err);
