/* SPDX-License-Identifier: MIT */
/*
 * Which files of the tree no package brought, and who made them: settings, overlays, scripts of the
 * recipe. Whoever makes or changes a file notes it at that moment, so that nobody has to guess
 * afterwards. The log also has the files of packages that dpkg finds changed or missing. The SBOMs
 * are made from it (publish/file-origins.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text.h"
#include "sandbox/sandbox.h"

struct file_log_entry {
	char *path;	   /* without a slash before it; links on the way are not resolved */
	char *maker;	   /* "overlay 'base'" */
	const char *stage; /* in which it did; NULL: settings or initramfs */
	size_t turn;	   /* of two entries for a path, the higher made what is there */
};

struct file_log {
	struct file_log_entry *item;
	size_t count;
	size_t allocated;
	const char *stage; /* base or rest while one of them runs, else NULL */
	/* Paths of packages' files that dpkg --verify finds changed or missing. */
	struct strv altered;
};

struct rootfs;

/* Notes that maker made or changed the file. */
void file_log_add(struct file_log *log, const char *path, const char *maker);
/* Notes every entry of the tar but directories. It is read from its start; its position is left at
 * the end. */
int file_log_add_tar(struct file_log *log, int tar_fd, const char *maker, struct err *err);

/* For a maker that does not say what it does: file_log_snapshot() before it lists the tree, then
 * file_log_add_since() notes what came, went or changed, by inode and change time (of a directory
 * only its mode and owner). */
int file_log_snapshot(struct rootfs *rootfs, struct strv *ret, struct err *err);
int file_log_add_since(struct rootfs *rootfs, const struct strv *before, const char *maker,
		       struct err *err);

/* Puts into rootfs->file_log what `dpkg --verify` finds in the tree. Nothing else may run in it
 * meanwhile, or what is found would depend on which of both comes to a file first. */
int file_log_verify(struct rootfs *rootfs, struct err *err);
/* Its second half, which reads what dpkg has written. */
int file_log_read_verified(struct rootfs *rootfs, struct err *err);

void file_log_release(struct file_log *log);
