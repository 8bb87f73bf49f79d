/* SPDX-License-Identifier: MIT */
/*
 * A built image as the lab sees it: the directory that `netrescue build` left, and what its
 * manifest.json says of it. Nothing is taken from the recipe: an image that was copied here from
 * elsewhere boots the same.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum entry_kind { ENTRY_LOCAL, ENTRY_MEMTEST, ENTRY_RESCUE };

struct entry {
	enum entry_kind kind;
	const char *label;
	const char *title;
	const char *append; /* kernel words; "" where the entry has none */
};

/* Strings are borrowed from the manifest. */
struct image {
	json_t *manifest; /* owned */
	char *path;	  /* owned: the directory, as it was given */
	int fd;		  /* owned: that directory */
	const char *recipe;
	const char *version;
	const char *kernel; /* its release */
	const char *hostname;
	const char *init; /* systemd | sysvinit */
	const char *locale;
	const char *nfs_path;
	bool nfs_rw;
	bool tty1; /* root is logged in there */
	/* The server that the snippets were written for. */
	const char *address, *netmask, *interface, *tftp_root;
	bool uefi; /* has the loaders for it */
	struct entry *entry;
	size_t entry_count; /* 0: an image that does not boot over the network by itself */
	const char *default_entry;
};
#define IMAGE_INIT                                                                                 \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/* ERR_USAGE if path is no directory with a manifest.json of format 1. */
int image_open(const char *path, struct image *ret, struct err *err);
void image_release(struct image *i);
const struct entry *image_entry(const struct image *i, const char *label);
/* Its place in the menu, from 0. */
size_t image_entry_place(const struct image *i, const struct entry *e);
/* Opens a file of the image for reading. */
int image_file(const struct image *i, const char *path, int *ret_fd, struct err *err);
