/* SPDX-License-Identifier: MIT */
/*
 * Unpacks a tar stream, or the data member of a .deb, into a directory. It runs inside the sandbox
 * after pivot_root, as the tree's root: a link such as /lib -> usr/lib is then followed as the
 * finished system would, and every lookup is confined to the directory by openat2(2) all the same
 * (RESOLVE_IN_ROOT, no magic links, no other mounts).
 *
 * Owners (numeric), modes, times of files, xattrs user.* and security.capability and POSIX ACLs are
 * the archive's; other xattrs are dropped. As with dpkg, a directory that exists, or a link to one,
 * keeps its owner and mode; any other existing name is replaced, but a directory never by something
 * else.
 *
 * Refused, with the name of the entry: absolute names, "..", device nodes, fifos, sockets, hard
 * links to anything but a name of the same kind, files larger than EXTRACT_FILE_MAX or than the
 * file system.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct archive;

/* Bytes of one file. No file of a rescue system comes near; a sparse file counts with its full
 * size, because the result has it in full. */
#define EXTRACT_FILE_MAX (4ULL << 30)

/* what: names the archive in messages. fd is read to the end of the archive from its position. */
int extract_tar(int fd, int root_fd, const char *what, struct err *err);

/* The same for what pack_exact() has written: a directory that exists gets the archive's owner,
 * mode and attributes, too, and directories their times. */
int extract_exact(int fd, int root_fd, const char *what, struct err *err);

/* The compressions that extract_tar() undoes, also one in another: for who asks beforehand how much
 * comes out. 0 or -ENOSYS, if libarchive lacks one. */
int extract_filters(struct archive *a);

/* A .deb whose data member is a plain, gzip, xz or zstd tar. With directories_only the other
 * entries are skipped: a first pass in a fixed order over many packages, so that a second one
 * may run in parallel and still give the same directories. */
int extract_deb(int fd, int root_fd, bool directories_only, const char *what, struct err *err);
