/* SPDX-License-Identifier: MIT */
/*
 * Files of the tree that did not come out of a package, noted by whoever makes or changes them
 * while they are made, not guessed afterwards: what settings write, what an overlay holds, what a
 * script of the recipe leaves. And the files of packages that are not as the package brought them,
 * by dpkg's own judgement. For the bill of materials (publish/file-origins.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text.h"
#include "sandbox/sandbox.h"

struct file_log_entry {
	char *path;  /* as it was asked for, links on the way not resolved; no slash before */
	char *maker; /* "overlay 'base'" */
	size_t turn; /* the later one made what is there now */
};

struct file_log {
	struct file_log_entry *item;
	size_t count;
	size_t allocated;
	/* Paths of packages' files that dpkg --verify finds changed or missing. */
	struct strv altered;
	bool verified;
};

struct rootfs;

void file_log_add(struct file_log *m, const char *path, const char *maker);
/* Every entry of the tar (from its start; the position is left at the end) but directories. */
int file_log_add_tar(struct file_log *m, int tar_fd, const char *maker, struct err *err);

/* What is in the tree, to tell afterwards what came, went or changed (by change time and inode):
 * file_log_snapshot() before, file_log_add_since() after. */
int file_log_snapshot(struct rootfs *rootfs, struct strv *ret, struct err *err);
int file_log_add_since(struct rootfs *rootfs, const struct strv *before, const char *maker,
		       struct err *err);

/* `dpkg --verify`, to be run in the tree beside something that takes longer, and its answer. */
struct sandbox_command file_log_verify_command(void);
int file_log_read_verified(struct rootfs *rootfs, struct err *err);

void file_log_release(struct file_log *m);
