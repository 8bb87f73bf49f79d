/* SPDX-License-Identifier: MIT */
/*
 * The tree as a tar stream, the same bytes whatever the file system, user or clock: pax format
 * (POSIX 1003.1-2008, tar-header.h), names sorted bytewise and relative ("./" first), numeric
 * owners only, mtimes newer than the epoch clamped to it and all directories set to it, no atime,
 * ctime, device or inode numbers, hard links to the first name of the sort, sparse files dense,
 * xattrs security.capability, POSIX ACLs and user.* only. Device nodes, sockets and fifos are left
 * out.
 *
 * The sandbox's helper runs it inside the tree's own user namespace, where file capabilities read
 * as they were written.
 */
#pragma once

#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/text.h"

/* Writes the tree below root_fd to out_fd. skip: names at the top that are left out
 * (".netrescue"), NULL-terminated. ret_sha256 and ret_size are of the tar. */
int pack_tree(int root_fd, const char *const *skip, int64_t epoch, int out_fd,
	      char ret_sha256[DIGEST_HEX], uint64_t *ret_size, struct err *err);

/* The same form, but only these paths of the tree ("boot/initrd.img"), each with all that is below
 * it, for extract_tar(): it has no entries for the directories that lead to them. ERR_BUILD for
 * what that refuses: device nodes, fifos, sockets, and files larger than EXTRACT_FILE_MAX. */
int pack_paths(int root_fd, const struct strv *path, int64_t epoch, int out_fd, struct err *err);

/* Writes the tree as it is, for extract_exact(): mtimes to the nanosecond, those of directories,
 * too. The tar is compressed by this program's own libzstd, fast rather than small, because these
 * bytes go into the store and not into a result. ERR_BUILD as for pack_paths(). */
int pack_exact(int root_fd, const char *const *skip, int out_fd, struct err *err);
