/* SPDX-License-Identifier: MIT */
/*
 * Disks with ext4 for the lab's machines, made without root. A sandbox (sandbox/sandbox.h) holds
 * the file server's own tree; in it the content is unpacked with its true owners, and that tree's
 * mke2fs(8) makes the file system. So the host needs no tools for this, and no kernel gets a file
 * system from newer tools than its release has.
 *
 * A disk is a sparse file in the store, where it is found again by the digest of what it was made
 * from. So each is made once.
 *
 *	CLEANUP(disks_release) struct disks d = { .store = s, .server = &server };
 *	r = disk_from_archive(&d, &image, "", "pxe-root", &path, err);
 *
 * Paths are absolute, for QEMU, and stay valid while the store is open: `netrescue gc` removes only
 * disks that are older than a day.
 */
#pragma once

#include "base/err.h"
#include "base/store.h"
#include "lab/image.h"
#include "sandbox/sandbox.h"

struct disks {
	struct store *store;
	const struct image *server; /* whose mke2fs makes the disks */
	const char *sandbox_kind;   /* auto, namespace or guestfs; NULL: auto */
	struct sandbox *sandbox;    /* owned; opened for the first disk that must be made */
};

/* A disk with the image's root file system in its directory `where` ("" is its top). */
int disk_from_archive(struct disks *d, const struct image *i, const char *where, const char *label,
		      char **ret_path, struct err *err);
/* A disk with the files of disk-files.h. */
int disk_from_files(struct disks *d, const struct image *i, const char *mirror, const char *label,
		    char **ret_path, struct err *err);
void disks_release(struct disks *d);
