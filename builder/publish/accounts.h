/* SPDX-License-Identifier: MIT */
/*
 * Where each file of the image comes from. A file (all that is no directory) belongs to a package,
 * by dpkg's own lists and diversions; or somebody noted making it (rootfs/made.h); or it is one of
 * those that packages are known to make (origin.h). One that none of these accounts for is *dark*,
 * and so is a package's file that is not as the package brought it and that nobody noted changing.
 * Both are findings.
 *
 *	CLEANUP(accounts_release) struct accounts a = { 0 };
 *	r = accounts_read(fd of rootfs.tar.zst, &lock->packages, &rootfs->made, &a, err);
 */
#pragma once

#include "archive/package.h"
#include "publish/members.h"
#include "rootfs/made.h"

struct account {
	const struct member *member; /* of struct accounts */
	/* SHA-1 for SPDX, which asks for it; of a link's target where it is a symbolic link */
	char sha1[DIGEST_HEX];
	char sha256[DIGEST_HEX];
	const char *package; /* that brought it in another form, or whose script made it; or NULL */
	bool altered;	     /* a package's file, not as the package brought it */
	bool dark;
	const char *stage; /* "" if dark */
	char *how;	   /* "overlay 'base'", "ldconfig"; "" if dark */
};

struct accounts {
	struct members members;
	struct account *item; /* all but the untouched files of packages, sorted by path */
	size_t count;
	size_t allocated;
	size_t files;	    /* of the image: count of all but directories */
	size_t of_packages; /* of these, in a package's list */
	size_t generated;   /* in none, but accounted for */
	size_t altered;	    /* of the packages' files, accounted for */
	size_t dark;	    /* the findings, of either kind */
	struct strv gone;   /* packages' files that are missing and nobody noted removing */
	/* Content by path, for others: dpkg's status, copyright files. Sorted. */
	struct accounts_text {
		char *path;
		char *text;
	} * text;
	size_t text_count;
	size_t text_allocated;
};

int accounts_read(int rootfs_fd, const struct packages *packages, const struct made *made,
		  struct accounts *ret, struct err *err);
/* Content of a file that was kept, links followed; NULL: none such. */
const char *accounts_text(const struct accounts *a, const char *path);
void accounts_release(struct accounts *a);
