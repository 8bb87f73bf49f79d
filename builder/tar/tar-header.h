/* SPDX-License-Identifier: MIT */
/*
 * The header blocks of one tar entry: ustar (POSIX 1003.1-1988), preceded by a pax extended header
 * (1003.1-2001) only where ustar cannot say it: names and targets over 100 bytes or not ASCII,
 * sizes from 8 GiB, ids from 2,097,152, extended attributes. Written by hand since these bytes are
 * a promise: libarchive's own pax writer has changed its choices between releases, whereas this one
 * changes only with a new bytes-epoch. GNU tar and libarchive read what it writes, as tests check.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define TAR_BLOCK 512

enum tar_type { TAR_FILE = '0', TAR_HARDLINK = '1', TAR_SYMLINK = '2', TAR_DIRECTORY = '5' };

struct tar_header {
	enum tar_type type;
	char *name;   /* owned */
	char *target; /* owned; of links, else NULL */
	unsigned mode;
	uint64_t uid;
	uint64_t gid;
	uint64_t size;
	int64_t mtime;	 /* seconds, not negative */
	struct text pax; /* records so far */
};

/* Adds a pax record behind those that are there; the value may have any bytes. */
void tar_header_add(struct tar_header *h, const char *key, const void *value, size_t size);
/* Appends a multiple of TAR_BLOCK bytes. */
void tar_header_format(struct tar_header *h, struct text *ret);
void tar_header_release(struct tar_header *h);
