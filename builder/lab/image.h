/* SPDX-License-Identifier: MIT */
/*
 * A built image as the lab sees it: the directory that `netrescue build` made, and what its
 * manifest.json says about it. The recipe is not needed, so an image that was built on another
 * machine and copied here boots the same. It may also come from somebody who means harm: the values
 * below have the forms that a recipe's have (recipe/format.h), whoever wrote them.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum image_entry_kind { ENTRY_LOCAL, ENTRY_MEMTEST, ENTRY_RESCUE };

struct image_entry {
	enum image_entry_kind kind;
	const char *label;
	const char *title;
	const char *append; /* the kernel's command line; "" if the entry has none */
};

/* Strings are borrowed from the manifest. */
struct image {
	json_t *manifest; /* owned */
	char *path;	  /* owned: the directory, as it was given */
	int fd;		  /* owned: that directory */
	const char *recipe;
	const char *version;
	const char *kernel; /* its release; NULL: it has none */
	int64_t tree_size;  /* bytes of rootfs.tar, as the manifest says; 0: it does not */
	const char *hostname;
	const char *init; /* systemd | sysvinit */
	const char *locale;
	const char *nfs_path;
	bool tty1; /* root is logged in on it */
	/* Of the server for which server/ was written. */
	const char *address, *netmask, *interface, *tftp_root;
	bool uefi; /* it has boot loaders for UEFI */
	struct image_entry *entry;
	size_t entry_count; /* 0: an image that does not boot over the network by itself */
};
#define IMAGE_INIT                                                                                 \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/* ERR_USAGE unless path is a directory with a manifest.json of format 1 and of values that a build
 * can have written; the first that is not so is named. */
int image_open(const char *path, struct image *ret, struct err *err);
void image_release(struct image *i);
/* Opens a file of the image for reading; a link to one is none. */
int image_open_file(const struct image *i, const char *path, int *ret_fd, struct err *err);
/* Opens a directory that is directly in the image; a link to one is none. */
int image_open_dir(const struct image *i, const char *name, int *ret_fd, struct err *err);
