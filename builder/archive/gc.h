/* SPDX-License-Identifier: MIT */
/*
 * Pruning the store. What stays: every .deb that a given lock names, with its plain form; the
 * newest indices, so that --offline goes on working; and whatever is younger than a day, since a
 * build under way may be about to use it. All else can be fetched or computed again.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/store.h"
#include "base/err.h"
#include "base/text.h"

/* Younger than this is spared. */
#define GC_GRACE_SECONDS (24 * 3600)

struct gc_report {
	uint64_t kept, removed; /* files */
	uint64_t kept_bytes, removed_bytes;
};

/* locks: paths of lock files; one that cannot be read is an error, or its packages would be lost.
 * now: seconds. dry_run: count, remove nothing. */
int store_gc(struct store *s, const struct strv *locks, int64_t now, bool dry_run,
	     struct gc_report *ret, struct err *err);
