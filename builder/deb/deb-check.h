/* SPDX-License-Identifier: MIT */
/*
 * What the tar archives of a package may hold. Names stay inside the tree. There are directories,
 * regular files, symbolic links (an absolute target is fine, climbing above the root is not) and
 * hard links to files that the same archive had before. Nothing lies below a link of the package's
 * own, and nothing appears twice but directories. There are no devices, fifos or sockets (Debian
 * Policy 10.6), no sparse files (dpkg knows none), and no more than the limits below.
 *
 * control.tar holds regular files only, none of them in a directory.
 *
 *	CLEANUP(deb_check_release) struct deb_check check = { 0 };
 *	deb_check_init(&check, member, installed_size);
 *	...for every entry of the archive, in order:
 *		r = deb_check_entry(&check, entry, err);
 */
#pragma once

#include <archive_entry.h>
#include <stdint.h>

#include "base/err.h"
#include "deb/deb-reader.h"

#define DEB_DATA_MAX ((uint64_t)8 << 30)      /* bytes of all files of data.tar */
#define DEB_CONTROL_MAX ((uint64_t)128 << 20) /* and of control.tar */
#define DEB_CONTROL_FILE_MAX (1 << 20)	      /* bytes of the control file */
#define DEB_MEMBERS_MAX 1000000
#define DEB_PATH_MAX 4095
/* The index's Installed-Size is an estimate: the files may take twice as much, and this many bytes
 * more. */
#define DEB_SLACK ((uint64_t)64 << 20)

struct deb_check {
	enum deb_member member;
	uint64_t limit; /* bytes of all files */
	uint64_t bytes; /* so far */
	uint64_t count;
	void *names;	  /* tsearch(3) tree of struct seen: what every name was */
	const char *name; /* of the last entry, without "./"; valid until release */
};

/* installed_size: the index's Installed-Size in bytes; 0 if it has none. */
void deb_check_init(struct deb_check *c, enum deb_member member, uint64_t installed_size);
/* ERR_BUILD, "control.tar: …" or "data.tar: …", if the entry may not be there. */
int deb_check_entry(struct deb_check *c, struct archive_entry *entry, struct err *err);
void deb_check_release(struct deb_check *c);
