/* SPDX-License-Identifier: MIT */
/*
 * Whether a result is what it says of itself: the one check, for all who are about to believe a
 * result (`diff`, `verify`, `boot`, "up to date"), copy it or hand it on. Whoever gives one to
 * somebody else can change it, and a part of its descriptions with it; so nothing that a
 * description says is believed before all of them agree with each other and with the files:
 *
 *   - SHA256SUMS names every file but itself, provenance.json and signatures, and each is so;
 *   - manifest.json names the same files with the same sizes and sums, and where every link leads;
 *   - RECIPE.lock is there, and is the lock that manifest.json names.
 *
 * That a result agrees with itself says nothing about who made it: verify's --signed-by does.
 *
 * It reads and hashes every file, at about a gigabyte a second. There is no cheaper way to know:
 * times and sizes are what a forger sets, and a list of them would be one more thing that is
 * believed. So it is called once, before anything that the result says is believed. Whoever copies
 * the files afterwards need not call it again: it is enough that the copies have the sizes and sums
 * in ret_files.
 */
#pragma once

#include "base/err.h"
#include "publish/result-files.h"

/* *ret: the first disagreement in words ("tftp/pxelinux.0 is not what its SHA256SUMS says"), NULL
 * if there is none; the caller frees it. ret_files, which may be NULL, gets what is there; the
 * caller releases it. */
int result_damage(int dir_fd, struct result_files *ret_files, char **ret, struct err *err);
/* The same for who has no use for a damaged one: ERR_TRUST with the disagreement. name: what the
 * user calls the result; hint: what they can do. */
int result_refuse_damaged(int dir_fd, const char *name, const char *hint,
			  struct result_files *ret_files, struct err *err);
