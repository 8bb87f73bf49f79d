/* SPDX-License-Identifier: MIT */
/*
 * Whether a result is what it says of itself. Whoever gives one to somebody else can change it, and
 * a part of its descriptions with it; so nothing that a description says is believed before all of
 * them agree with each other and with the files:
 *
 *   - SHA256SUMS names every file but itself, provenance.json and signatures, and each is so;
 *   - manifest.json names the same files with the same sizes and sums, and where every link leads;
 *   - RECIPE.lock is there, and is the lock that manifest.json names.
 *
 * That a result agrees with itself says nothing about who made it: verify's --signed-by does.
 */
#pragma once

#include "base/err.h"
#include "publish/result-files.h"

/* *ret: the first disagreement in words ("tftp/pxelinux.0 is not what its SHA256SUMS says"), NULL
 * if there is none; the caller frees it. ret_files, which may be NULL, gets what is there; the
 * caller releases it. */
int result_damage(int dir_fd, struct result_files *ret_files, char **ret, struct err *err);
