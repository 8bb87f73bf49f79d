/* SPDX-License-Identifier: MIT */
/*
 * The compressor of rootfs.tar.zst: the zstd program of the image's own suite, run in the sandbox,
 * because two versions of libzstd give different bytes. It is the image's /usr/bin/zstd when the
 * image has the package. Otherwise it is that of the boot package zstd, put into the sandbox's
 * scratch directory, where it runs with the image's libraries: those that it needs, dpkg and apt
 * need as well.
 */
#pragma once

#include "archive/lock.h"
#include "base/err.h"
#include "base/text.h"
#include "sandbox/sandbox.h"

/* ERR_USAGE if the lock has no zstd of either role. */
int compressor_check(const struct lock *lock, struct err *err);

/* Puts the program in place, checks that it runs, and appends the filter's command line to ret. */
int compressor_prepare(struct store *s, const struct lock *lock, struct sandbox *sb, int level,
		       struct strv *ret, struct err *err);

/* Unpacks the rest of fd with this program's own libzstd: that must give a tar of this size and
 * digest, in whole frames with nothing behind them. The compressor came out of the tree, where
 * maintainer scripts, overlays and the recipe's scripts could have changed it. ERR_BUILD. */
int compressor_verify(int fd, const char *tar_sha256, uint64_t tar_size, struct err *err);
