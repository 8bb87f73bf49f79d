/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing: descriptors to their end, files as a whole. A file is named by a directory's
 * descriptor and a path below it (AT_FDCWD: below the working directory), because nothing here ever
 * calls chdir; every descriptor is O_CLOEXEC. Whole files are written by atomic-file.h, directories
 * are made, walked and removed by tree.h.
 */
#pragma once

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/text.h"

/* Writes all bytes: 0, or -errno. */
int write_all(int fd, const void *data, size_t size);
/* Reads up to size bytes, fewer only at the end of the file; their number, or -errno. */
ssize_t read_all(int fd, void *data, size_t size);
/* Copies in_fd to out_fd, from where in_fd stands to its end (by copy_file_range(2) where that
 * works). *ret_bytes, which may be NULL, says how much it was. */
int copy_fd(int in_fd, int out_fd, uint64_t *ret_bytes, struct err *err);

/* Opens a file to read that somebody else made or named: only a regular one, and without waiting as
 * opening a pipe does, where no signal would be heard. `flags` is 0 or O_NOFOLLOW; failures are of
 * this class. */
int open_file(int dirfd, const char *path, int flags, enum err_class class, int *ret_fd,
	      struct err *err);
/* The whole file that fd is open on, from where it stands; more than `limit` bytes are an error.
 * path: for messages. */
int read_fd(int fd, const char *path, size_t limit, struct text *ret, struct err *err);
/* The whole file, which open_file() opens, NUL-terminated, its length in ret; more than `limit`
 * bytes are an error. */
int read_file(int dirfd, const char *path, size_t limit, struct text *ret, struct err *err);
/* The same, but a link in the file's place is an error: of somebody else's, it may lead to
 * anything. */
int read_file_nofollow(int dirfd, const char *path, size_t limit, struct text *ret,
		       struct err *err);
/* Opens a directory relative to dirfd (O_DIRECTORY|O_CLOEXEC). */
int open_dir(int dirfd, const char *path, int *ret_fd, struct err *err);

/* A private file in $TMPDIR (or /tmp) that is already unlinked, to write and to read back. */
int temporary_fd(int *ret_fd, struct err *err);
/* A private file in memory with this content, positioned at its start. */
int memory_fd(const char *data, size_t size, int *ret_fd, struct err *err);
