/* SPDX-License-Identifier: MIT */
/*
 * .deb files (deb(5)): an ar archive of debian-binary, control.tar.*, data.tar.*.
 *
 * A *plain* .deb is the same package with both members uncompressed: dpkg unpacks it at disk speed.
 * It is made once from each verified original, by worker processes, and kept in the store (fact
 * `plain`: original digest -> plain digest). Whoever makes it also judges it (deb-check.h): a
 * package whose members would leave the tree, make device nodes or fill the disk has no plain form.
 */
#pragma once

#include "deb/package.h"
#include "base/store.h"
#include "base/err.h"

/* Makes sure that the store has a plain form of each package, of either role; `jobs` worker
 * processes (this program, re-executed as `netrescue deb-worker STORE`), the biggest package first,
 * since one package cannot be divided. Shows progress as stage "plain". */
int debs_make_plain(struct store *s, const struct packages *p, unsigned jobs, struct err *err);

/* The worker's main: reads "ORIGINAL-DIGEST INSTALLED-SIZE\n" requests on stdin, answers
 * "ok PLAIN-DIGEST\n" or "error TEXT\n" on stdout; the store is given by path. Returns the exit
 * status. */
int deb_worker(const char *store_path);

/* The main of `netrescue deb-tar STORE`: reads "PLAIN-DIGEST NAME\n" lines on stdin to their end
 * and writes a tar stream (ustar) of these blobs under these names to stdout. Returns the exit
 * status. */
int deb_tar(const char *store_path);

/* Opens a package's plain .deb, digest-checked; makes it (again) where the store has none. */
int deb_open_plain(struct store *s, const struct package *p, int *ret_fd, uint64_t *ret_size,
		   struct err *err);

/* The plain form's digest; makes it where the store has none. */
int deb_plain_digest(struct store *s, const struct package *p, char ret[DIGEST_HEX],
		     struct err *err);

/* One regular file's content out of a .deb's data member (path without leading "./" or "/"),
 * following symbolic and hard links inside the package. ERR_BUILD if absent. */
int deb_read_member(struct store *s, const struct package *p, const char *path, size_t limit,
		    struct text *ret, struct err *err);

/* The control file, deb-control(5). */
int deb_read_control(struct store *s, const struct package *p, struct text *ret, struct err *err);

/* Whether the package ships a symbolic link of that path (as for deb_read_member). */
int deb_has_link(struct store *s, const struct package *p, const char *path, bool *ret,
		 struct err *err);
