/* SPDX-License-Identifier: MIT */
/*
 * ext4 disks for the lab's machines, made without root: the content is laid out with its true
 * owners in a sandbox that holds the file server's own tree, and that tree's mke2fs(8) turns it
 * into a file system. So the host needs no tools for it, and a kernel never meets a file system
 * made by newer tools than its own.
 *
 * A disk is a sparse blob of the store, found again by what it was made from: a disk that is there
 * already costs nothing.
 *
 *	CLEANUP(disks_release) struct disks d = { .store = s, .server = &server };
 *	r = disk_from_archive(&d, &image, "", "pxe-root", &path, err);
 *
 * Paths are absolute, for QEMU, and stay valid while the store is open (store_gc() spares what is
 * young).
 */
#pragma once

#include "base/store.h"
#include "base/err.h"
#include "lab/lab-image.h"
#include "sandbox/sandbox.h"

struct disks {
	struct store *store;
	const struct image *server; /* its tree makes the disks */
	const char *sandbox_kind;   /* auto | namespace */
	struct sandbox *sandbox;    /* opened for the first disk that must be made */
};

/* The image's rootfs.tar.zst below directory `where` of the disk ("" is its top). */
int disk_from_archive(struct disks *d, const struct image *i, const char *where, const char *label,
		      char **ret_path, struct err *err);
/* The image's tftp/ and server/, and, if mirror is not NULL, that directory as /mirror. Modes are
 * kept, owner is root. */
int disk_from_files(struct disks *d, const struct image *i, const char *mirror, const char *label,
		    char **ret_path, struct err *err);
void disks_release(struct disks *d);
