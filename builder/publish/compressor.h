/* SPDX-License-Identifier: MIT */
/*
 * The compressor of rootfs.tar.zst: the zstd program of the image's own suite, run in the sandbox,
 * because two versions of libzstd give different bytes. It is the image's /usr/bin/zstd when the
 * image has the package. Otherwise it is that of the boot package zstd, put into the sandbox's
 * scratch directory, where it runs with the image's libraries: those that it needs, dpkg and apt
 * need as well.
 */
#pragma once

#include <sys/types.h>

#include "archive/lock.h"
#include "base/digest.h"
#include "base/err.h"
#include "base/text.h"
#include "sandbox/sandbox.h"

/* ERR_USAGE if the lock has no zstd of either role. */
int compressor_check(const struct lock *lock, struct err *err);

/* Puts the program in place, checks that it runs, and appends the filter's command line to ret. */
int compressor_prepare(struct store *s, const struct lock *lock, struct sandbox *sb, int level,
		       struct strv *ret, struct err *err);

/*
 * What it writes is unpacked with this program's own libzstd while it grows: that must give the tar
 * that went into it, in whole frames with nothing behind them. The compressor came out of the tree,
 * where maintainer scripts, overlays and the recipe's scripts could have changed it.
 *
 *	CLEANUP(unpacking_release) struct unpacking u;
 *	r = unpacking_init(&u, fd, writer_look, &writer, err);
 *	n = unpacking_next(&u, &bytes, err);      until it says 0, or never
 *	r = unpacking_finish(&u, sha256, &size, err);
 */
struct unpacking {
	int fd; /* borrowed */
	/* Whether the file is as long as it will be (1) or may still grow (0), once nothing comes
	 * any more (idle) or there is something to do meanwhile. Puts down how long the tar is, as
	 * soon as that is known: never is more unpacked. Negative with *err set: it will not get
	 * any further. */
	int (*look)(void *data, bool idle, uint64_t *limit, struct err *err);
	void *data;
	uint64_t limit;
	bool complete;
	bool failed;  /* unpacking_next() has failed, and is not to be called again */
	void *stream; /* the rest is compressor.c's */
	struct digest *digest;
	char *in, *out;
	size_t in_size, in_place;
	bool full;
	uint64_t size;
	size_t left;
};

int unpacking_init(struct unpacking *u, int fd,
		   int (*look)(void *data, bool idle, uint64_t *limit, struct err *err), void *data,
		   struct err *err);
/* The next bytes of the tar, as member_source.next (members.h) gives them. */
ssize_t unpacking_next(struct unpacking *u, const void **ret, struct err *err);
/* Unpacks what is left and compares all of it with what is at *tar_sha256 and *tar_size then.
 * ERR_BUILD if it differs. */
int unpacking_finish(struct unpacking *u, const char *tar_sha256, const uint64_t *tar_size,
		     struct err *err);
void unpacking_release(struct unpacking *u);
