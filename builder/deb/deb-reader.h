/* SPDX-License-Identifier: MIT */
/*
 * Reads a .deb's two members as tar archives, whatever they are compressed with (none, gzip, bzip2,
 * lzma, xz, zstd), by libarchive: one reader for the ar container, one for the member inside.
 *
 *	CLEANUP(deb_reader_release) struct deb_reader r = { 0 };
 *	deb_reader_open(&r, fd, err);
 *	while ((n = deb_reader_next(&r, &member, err)) > 0)
 *		...archive_read_next_header(r.tar, &entry)...
 *
 * The members must be what deb(5) says, in its order: anything else is an error.
 */
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include "base/err.h"

enum deb_member { DEB_CONTROL, DEB_DATA };

struct deb_reader {
	struct archive *ar;
	struct archive *tar; /* of the member deb_reader_next() came to */
	int seen;	     /* members so far */
};

/* fd is borrowed and read from its current position. */
int deb_reader_open(struct deb_reader *r, int fd, struct err *err);
/* 1: *ret is the next member and r->tar reads it; 0: both were given. */
int deb_reader_next(struct deb_reader *r, enum deb_member *ret, struct err *err);
void deb_reader_release(struct deb_reader *r);

/* Fails with ERR_BUILD and "WHAT: " and libarchive's reason: with errno's text where it has one. */
int deb_archive_error(struct archive *a, struct err *err, const char *what);

/* "control" or "data". */
const char *deb_member_name(enum deb_member member);
