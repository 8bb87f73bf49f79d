/* SPDX-License-Identifier: MIT */
/*
 * Builds an image again, as on another machine: from its lock, with a store that holds its
 * packages and nothing else, and with as much varied as this machine permits (variation.h). The
 * build is a child process, `netrescue vary … netrescue build …`.
 *
 *	CLEANUP(rebuild_release) struct rebuild b = REBUILD_INIT;
 *	r = rebuild_run(&options, &b, err);
 *	... b.result is a directory, as `netrescue build` leaves it ...
 *
 * rebuild_release() removes the result and all that the rebuild needed on the way; what a killed
 * rebuild has left is removed by the next one.
 */
#pragma once

#include "archive/lock.h"
#include "base/store.h"
#include "verify/variation.h"

struct rebuild_options {
	int original;	       /* directory of the result that is built again */
	const char *lock_path; /* its lock */
	const struct lock *lock;
	const struct recipe *recipe;
	const struct strv *site, *set; /* what was laid over it */
	const struct strv *allow;      /* what it may read besides its own folder */
	struct store *store;	       /* which has every package of the lock */
	/* of `netrescue build`; NULL: its default */
	const char *sandbox, *memory, *script_timeout;
	unsigned jobs; /* 0: another number than the default */
	bool quiet, verbose;
};

struct rebuild {
	char *scratch; /* owned: on disk, holds all but the result */
	char *out;     /* owned: on another file system if there is one */
	char *result;  /* owned: OUT/RECIPE/VERSION */
	int lock[2];   /* owned: of scratch and out; who finds them unlocked may remove them */
	struct variations variations;
};
#define REBUILD_INIT                                                                               \
	{                                                                                          \
		.lock = { -1, -1 }                                                                 \
	}

/* If the build fails, it has printed its own error by then; this one has the same class. */
int rebuild_run(const struct rebuild_options *options, struct rebuild *ret, struct err *err);
void rebuild_release(struct rebuild *b);
