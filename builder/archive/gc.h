/* SPDX-License-Identifier: MIT */
/*
 * `netrescue gc`, which prunes the store. It keeps every .deb that one of the given locks names,
 * with its plain form; the newest indices, so that --offline goes on working; and whatever is
 * younger than a day, because a running build may be about to use it. Results of stages
 * (stage-entries.h) stay for a week after their last use. Everything else can be fetched or
 * computed again.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/store.h"
#include "base/err.h"
#include "base/text.h"

/* Files younger than this are never removed. */
#define GC_GRACE_SECONDS (24 * 3600)

struct gc_report {
	uint64_t kept, removed; /* files */
	uint64_t kept_bytes, removed_bytes;
};

/* locks: paths of lock files. One that cannot be read is an error, because its packages would be
 * lost. now: the time in seconds. dry_run: count, but remove nothing. */
int store_gc(struct store *s, const struct strv *locks, int64_t now, bool dry_run,
	     struct gc_report *ret, struct err *err);

/* After store_gc(), whose report it goes on with: removes results of stages, the one used longest
 * ago first and however young they are, until the kept files have no more than that many bytes.
 * What else is kept then is needed by the locks, or younger than a day: it stays even if it is
 * more. */
int store_gc_shrink(struct store *s, uint64_t most, int64_t now, bool dry_run,
		    struct gc_report *report, struct err *err);
