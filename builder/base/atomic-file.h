/* SPDX-License-Identifier: MIT */
/*
 * Files that appear whole or not at all. atomic_file_begin() makes a new file beside the target,
 * the caller writes to .fd and, if all went well, calls atomic_file_commit(), which fsyncs the
 * file, renames it to the target's name and fsyncs the directory. atomic_file_release() without
 * commit removes the new file and leaves the target as it was.
 *
 *	CLEANUP(atomic_file_release) struct atomic_file file = ATOMIC_FILE_INIT;
 *	r = atomic_file_begin(&file, dirfd, "SHA256SUMS", 0644, err);
 *	...write to file.fd...
 *	r = atomic_file_commit(&file, err);
 *
 * The new file's name begins with ATOMIC_FILE_PREFIX. Where a killed process left one behind, the
 * owner of the directory may remove it.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

#define ATOMIC_FILE_PREFIX ".netrescue-new-"

struct atomic_file {
	int dirfd;	 /* owned */
	int fd;		 /* owned; write here */
	char *temporary; /* owned name in dirfd */
	char *target;	 /* owned name in dirfd */
};
#define ATOMIC_FILE_INIT                                                                           \
	{                                                                                          \
		.dirfd = -1, .fd = -1                                                              \
	}

/* path: the target, relative to dirfd, in a directory that exists. The mode is without what the
 * umask forbids. */
int atomic_file_begin(struct atomic_file *file, int dirfd, const char *path, mode_t mode,
		      struct err *err);
int atomic_file_commit(struct atomic_file *file, struct err *err);
void atomic_file_release(struct atomic_file *file);

/* All of that at once, for content that is in memory. */
int write_file(int dirfd, const char *path, const void *data, size_t size, mode_t mode,
	       struct err *err);
