/* SPDX-License-Identifier: MIT */
/*
 * A lock with all that it needs as one file, for a machine without a network or for safekeeping. It
 * is a tar archive, compressed by zstd, of these plain files, in this order:
 *
 *	lock              the lock (lock.h)
 *	index/KEY         InRelease of its suites, as the store remembers them (suite.h), by KEY
 *	sha256/DIGEST     by DIGEST: every package of the lock except the recipe's own `debs:`, and
 *	                  the Packages files of those InReleases
 *
 * The same lock and the same indices give the same bytes. From the lock, import knows what must be
 * in the archive and what else may be. Before it changes the store, it reads all of it and refuses
 * whatever does not have its digest, is not named, or comes out of order. An InRelease gets into
 * the store only if the store has none of that suite; its signature is checked when it is used.
 */
#pragma once

#include <stdint.h>

#include "archive/lock.h"
#include "base/store.h"
#include "base/err.h"

struct store_archive_report {
	uint64_t packages, indices; /* files; Packages files count as indices */
	uint64_t bytes;		    /* of them all */
};

/* Writes the archive, which appears whole or not at all. ERR_NETWORK if the store lacks a package
 * of the lock, ERR_TRUST if one was damaged (lock_need()). */
int store_export(struct store *s, const struct lock *l, const char *path,
		 struct store_archive_report *ret, struct err *err);
/* Reads the archive into the store. ERR_TRUST for whatever is not as described above. */
int store_import(struct store *s, const char *path, struct store_archive_report *ret,
		 struct err *err);
