/* SPDX-License-Identifier: MIT */
/*
 * .deb files (deb(5)): an ar archive of debian-binary, control.tar.*, data.tar.*.
 *
 * A *plain* .deb is the same package with both members uncompressed: dpkg unpacks it at disk speed.
 * It is made once from each verified original, by worker processes, and kept in the store (fact
 * `plain`: digest of the original -> digest of its plain form). The worker that makes it also
 * checks the package (deb-check.h): a package whose members would leave the tree, make device nodes
 * or fill the disk has no plain form.
 *
 * The control file is kept as well (fact `control`: digest of the original -> the control file as
 * one line, line.h), so that the package need not be opened and hashed to read it again.
 */
#pragma once

#include "base/err.h"
#include "base/store.h"
#include "deb/package.h"

/* Makes sure that the store has a plain form of each package, of either role, by `jobs` worker
 * processes (this program, executed again as `netrescue deb-worker STORE`). They take the biggest
 * package first, since one package cannot be divided. Shows progress as stage "plain". The error is
 * the worker's own, with the package's name before it. */
int debs_make_plain(struct store *s, const struct packages *p, unsigned jobs, struct err *err);

/* What `netrescue deb-worker STORE` does: reads requests "ORIGINAL-DIGEST INSTALLED-SIZE\n" on
 * stdin and answers each on stdout with "ok PLAIN-DIGEST CONTROL\n", where CONTROL is the control
 * file as one line (line.h), nothing if it is too long for a fact, or with "error LINE\n"
 * (err-line.h). Returns the exit status. */
int deb_worker(const char *store_path);

/* What `netrescue deb-tar STORE` does: reads lines "PLAIN-DIGEST NAME\n" on stdin to their end and
 * writes a tar stream (ustar) of these blobs under these names to stdout. Returns the exit status;
 * when it is not 0, DEB_TAR_ERROR_FD has got the error as a line (err-line.h). */
int deb_tar(const char *store_path);
#define DEB_TAR_ERROR_FD 3

/* The digest of a package's plain .deb, which is made if the store has none. */
int deb_plain_digest(struct store *s, const struct package *p, char ret[DIGEST_HEX],
		     struct err *err);

/* Opens the plain .deb after checking its digest; it is made (again) if the store has none or a
 * damaged one. ret_size: bytes. */
int deb_open_plain(struct store *s, const struct package *p, int *ret_fd, uint64_t *ret_size,
		   struct err *err);

/* The content of one regular file of a .deb's data.tar, at most `limit` bytes. path has no "./" or
 * "/" before it; symbolic and hard links inside the package are followed. ERR_BUILD if there is no
 * such file. */
int deb_read_member(struct store *s, const struct package *p, const char *path, size_t limit,
		    struct text *ret, struct err *err);

/* Whether data.tar has a symbolic link of that path (as for deb_read_member). */
int deb_has_link(struct store *s, const struct package *p, const char *path, bool *ret,
		 struct err *err);

/* The paths of all files and links of data.tar, appended to ret in the package's order, without
 * "./" before them. Directories are left out. */
int deb_list(struct store *s, const struct package *p, struct strv *ret, struct err *err);

/* The releases of the kernels that a package brings, appended to ret: "6.12.107+deb13-amd64" for a
 * file boot/vmlinuz-6.12.107+deb13-amd64, or, as Debian's kernels have it from Linux 7 on, for
 * usr/lib/modules/6.12.107+deb13-amd64/vmlinuz, which a script copies to /boot. The package may be
 * called anything; most packages bring none. The answer is kept (fact `kernel-releases`: digest of
 * the original -> the releases, or "-"). */
int deb_kernels(struct store *s, const struct package *p, struct strv *ret, struct err *err);

/* Appends a package's control file to ret, deb-control(5): one stanza, without the last newline.
 * From the store's fact, else from the original .deb, which the store must have. */
int deb_read_control(struct store *s, const struct package *p, struct text *ret, struct err *err);

/* Keeps a control file as that fact, which is given as one line (line.h). One that is empty, since
 * it is too long for a fact, is not kept. */
int deb_keep_control(struct store *s, const char *original, const char *line, struct err *err);
