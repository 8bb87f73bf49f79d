/* SPDX-License-Identifier: MIT */
/*
 * .deb files (deb(5)): an ar archive of debian-binary, control.tar.*, data.tar.*.
 *
 * A *plain* .deb is the same package with both members uncompressed: dpkg unpacks it at disk speed.
 * It is made once from each verified original, by worker processes, and kept in the store (fact
 * `plain`: original digest -> plain digest).
 */
#pragma once

#include "archive/package.h"
#include "archive/store.h"
#include "base/err.h"

/* Makes sure that the store has a plain form of each package; `jobs` worker processes (this program,
 * re-executed as `netrescue deb-worker`). Shows progress as stage "plain". */
int debs_make_plain(struct store *s, const struct packages *p, enum package_role role, unsigned jobs,
		    struct err *err);

/* The worker's main: reads "ORIGINAL-DIGEST\n" requests on stdin, answers "ok PLAIN-DIGEST SIZE\n" or
 * "error TEXT\n" on stdout; the store is given by path. */
int deb_worker(const char *store_path);

/* Opens a package's plain .deb, digest-checked. */
int deb_open_plain(struct store *s, const struct package *p, int *ret_fd, uint64_t *ret_size,
		   struct err *err);

/* Time stamp of the first ar header: seconds. `head` holds at least 132 bytes of the file. */
int deb_epoch(const char *head, size_t size, int64_t *ret, struct err *err);

/* One regular file's content out of a .deb's data member (path without leading "./" or "/"), following
 * symbolic and hard links inside the package. ERR_BUILD if absent. */
int deb_read_member(struct store *s, const struct package *p, const char *path, size_t limit,
		    struct text *ret, struct err *err);
