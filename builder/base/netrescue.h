/* SPDX-License-Identifier: MIT */
/*
 * The release of this program, and the number of the bytes that it makes. Releases with the same
 * bytes-epoch make the same bytes of the same lock.
 */
#pragma once

#define NETRESCUE_VERSION "0.2.0"
#define NETRESCUE_DATE "2026-11-28" /* of the release, for the man pages */

/* Raise it only when output bytes change, with a row in docs/bytes.md that says why, one in the
 * table of netrescue.c that says in which release, and new sums in tests/golden/. */
#define BYTES_EPOCH 4

/* Which releases make the bytes of that epoch ("0.2.0"); NULL if this
 * release does not know the epoch, which then belongs to a newer release. */
const char *bytes_epoch_releases(int epoch);
