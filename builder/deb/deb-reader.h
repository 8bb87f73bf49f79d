/* SPDX-License-Identifier: MIT */
/*
 * Reads the two members of a .deb as tar archives, whatever they are compressed with (nothing,
 * gzip, bzip2, lzma, xz, zstd), by libarchive: it has one reader for the ar container and one for
 * the member inside.
 *
 *	CLEANUP(deb_reader_release) struct deb_reader reader = { 0 };
 *	r = deb_reader_open(&reader, fd, err);
 *	...
 *	while ((r = deb_reader_next(&reader, &member, err)) > 0)
 *		...archive_read_next_header(reader.tar, &entry)...
 *
 * The members must be debian-binary, control.tar and data.tar, in this order (deb(5)), with a
 * compression that is known: anything else is an error. As dpkg does, it looks at nothing behind
 * data.tar.
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
int deb_reader_open(struct deb_reader *reader, int fd, struct err *err);
/* 1: reader->tar reads the next member, which is *ret; 0: there were both. ERR_BUILD if the archive
 * is damaged or not a .deb. */
int deb_reader_next(struct deb_reader *reader, enum deb_member *ret, struct err *err);
/* Opens it and goes on to data.tar: 1; 0 if there is none. */
int deb_reader_open_data(struct deb_reader *reader, int fd, struct err *err);
void deb_reader_release(struct deb_reader *reader);

/* Sets ERR_BUILD with the message "WHAT: REASON", where the reason is the text of libarchive's
 * errno if it has one, else its own words. Returns the negative value. */
int deb_archive_error(struct archive *a, struct err *err, const char *what);

/* "control" or "data". */
const char *deb_member_name(enum deb_member member);
