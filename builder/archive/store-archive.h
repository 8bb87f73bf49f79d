/* SPDX-License-Identifier: MIT */
/*
 * A lock with all that it needs, as one file: for a machine that has never seen a network, and for
 * a shelf. A tar archive, compressed by zstd, of plain files in this order and no others:
 *
 *	lock              the lock (lock.h)
 *	index/KEY         InRelease of its suites, as the store remembers them (suite.h), by KEY
 *	sha256/DIGEST     by DIGEST: every package of the lock except the recipe's own `debs:`, and
 *	                  the Packages files of those InReleases
 *
 * The same lock and the same indices give the same bytes. The lock is all that import needs to know
 * what must be there and what else may be: it refuses everything that does not have its digest, is
 * not named, or comes out of order, before it changes the store. An InRelease gets into the store
 * only where there is none of that suite yet, and its signature is checked when it is used.
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

/* path appears whole or not at all. ERR_NETWORK if the store lacks a package of the lock, ERR_TRUST
 * if it has damaged ones (lock_need()). */
int store_export(struct store *s, const struct lock *l, const char *path,
		 struct store_archive_report *ret, struct err *err);
/* ERR_TRUST for whatever is not as above. Packages that are there already are kept. */
int store_import(struct store *s, const char *path, struct store_archive_report *ret,
		 struct err *err);
