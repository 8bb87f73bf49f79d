/* SPDX-License-Identifier: MIT */
/*
 * Files by (directory fd, path). Everything opens O_CLOEXEC. No chdir anywhere.
 *
 * Publishing: a reader never sees half a file. atomic_file_begin() makes a new file beside the
 * target, the caller writes to .fd and, if it likes what it wrote, calls atomic_file_commit(),
 * which fsyncs, renames over the target and fsyncs the directory. atomic_file_release() without
 * commit removes it.
 *
 *	CLEANUP(atomic_file_release) struct atomic_file p = { .fd = -1 };
 *	r = atomic_file_begin(&p, dirfd, "SHA256SUMS", 0644, err);
 *	...write to p.fd...
 *	r = atomic_file_commit(&p, err);
 *
 * What a killed process leaves behind begins with ATOMIC_FILE_PREFIX; whoever owns the directory
 * may remove it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/text.h"

#define ATOMIC_FILE_PREFIX ".netrescue-new-"

struct atomic_file {
	int dirfd;	 /* owned */
	int fd;		 /* owned; write here */
	char *temporary; /* owned name in dirfd */
	char *target;	 /* owned name in dirfd */
};

int atomic_file_begin(struct atomic_file *p, int dirfd, const char *path, mode_t mode,
		      struct err *err);
int atomic_file_commit(struct atomic_file *p, struct err *err);
void atomic_file_release(struct atomic_file *p);

/* Writes all bytes; -errno. */
int write_all(int fd, const void *data, size_t size);
/* Reads up to size, fewer only at the end of the file; number of bytes or -errno. */
ssize_t read_all(int fd, void *data, size_t size);
/* Copies in_fd to out_fd to its end (copy_file_range, else read/write); *ret_bytes may be NULL. */
int copy_fd(int in_fd, int out_fd, uint64_t *ret_bytes, struct err *err);

/* The whole file, at most `limit` bytes (more is an error), NUL-terminated, length in ret. */
int read_file(int dirfd, const char *path, size_t limit, struct text *ret, struct err *err);
/* Atomically by struct atomic_file, with fsync. */
int write_file(int dirfd, const char *path, const void *data, size_t size, mode_t mode,
	       struct err *err);

/* mkdir -p relative to dirfd, existing directories accepted. */
int make_dirs(int dirfd, const char *path, mode_t mode, struct err *err);
/* Opens a directory relative to dirfd (O_DIRECTORY|O_CLOEXEC). */
int open_dir(int dirfd, const char *path, int *ret_fd, struct err *err);
/* rm -rf relative to dirfd: never follows links, never leaves the file system or enters a mount (an
 * error), empties read-only directories that we own, whatever their depth; missing is fine. */
int remove_tree(int dirfd, const char *path, struct err *err);

/* One entry of a sorted walk. path is relative to the walk's start, without a leading slash. */
struct walk_entry {
	int dirfd;	  /* the directory that holds it */
	const char *name; /* in dirfd */
	const char *path;
	const struct stat *st; /* lstat */
};
typedef int (*walk_fn)(const struct walk_entry *e, void *data, struct err *err);

/* Every entry below dirfd, a directory before its content, names in byte order. Stops at fn's first
 * non-zero value and returns it. Does not follow links. fn may remove the entry it was called for.
 * Directories nested deeper than WALK_DEPTH_MAX are an error. */
#define WALK_DEPTH_MAX 200
int walk_tree(int dirfd, walk_fn fn, void *data, struct err *err);

/* A private file in $TMPDIR (or /tmp) that is already unlinked: an fd to write and read. */
int temporary_fd(int *ret_fd, struct err *err);
/* A private file in memory with this content, positioned at its start. */
int memory_fd(const char *data, size_t size, int *ret_fd, struct err *err);
