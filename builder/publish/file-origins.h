/* SPDX-License-Identifier: MIT */
/*
 * Where each file of the image comes from. A file (all that is no directory) belongs to a package,
 * by dpkg's own lists and diversions (file-owners.h); or somebody noted making it
 * (rootfs/file-log.h); or it is one of those that packages are known to make (generated-files.h). A
 * file of which none of this is true is called *dark*: nobody knows where it comes from. So is a
 * package's file that is not as the package brought it although nobody noted changing it. The bill
 * of materials reports both.
 *
 *	CLEANUP(file_origins_release) struct file_origins origins = { 0 };
 *	r = file_origins_read(fd of rootfs.tar.zst, &lock->packages, &rootfs->file_log, &origins,
 *			      err);
 */
#pragma once

#include "deb/package.h"
#include "tar/members.h"
#include "rootfs/file-log.h"

struct file_origin {
	const struct member *member; /* of struct file_origins */
	/* SHA-1 for SPDX, which asks for it; of a link's target where it is a symbolic link */
	char sha1[DIGEST_HEX];
	char sha256[DIGEST_HEX];
	const char *package; /* that brought it in another form, or whose script made it; or NULL */
	bool altered;	     /* a package's file, not as the package brought it */
	bool dark;
	const char *stage; /* "" if dark */
	char *how;	   /* "overlay 'base'", "ldconfig"; "" if dark */
	char *trace;	   /* of a dark one: "named by a script of bind9" (file-trace.h), or NULL */
	const char *key;   /* what kind of private key it is (private-key.h), or NULL */
};

struct file_origins {
	struct members members;
	struct file_origin *item; /* all but the untouched files of packages, sorted by path */
	size_t count;
	size_t allocated;
	size_t files;	    /* of the image: count of all but directories */
	size_t of_packages; /* of these, in a package's list */
	size_t generated;   /* in none, but known to be made */
	size_t altered;	    /* of the packages' files, and somebody noted it */
	size_t dark;	    /* of either kind, with those that are gone */
	struct strv kinds;  /* words of .key that came out of a look */
	struct strv gone;   /* packages' files that are missing and nobody noted removing */
	/* The content of files that others need: dpkg's status, copyright files. Sorted by path. */
	struct kept_text {
		char *path;
		char *text;
	} * text;
	size_t text_count;
	size_t text_allocated;
};

#define FILE_ORIGINS_STATUS "var/lib/dpkg/status"

/* The tar comes from the source, packed or not; or it is what the descriptor is at. ret_look,
 * unless it is NULL, gets what was read of it, so that the same tar need not be read again: bytes
 * (base/fields.h) for file_origins_read_look() of the same program. */
int file_origins_read_source(const struct member_source *source, const struct packages *packages,
			     const struct file_log *log, struct text *ret_look,
			     struct file_origins *ret, struct err *err);
int file_origins_read(int rootfs_fd, const struct packages *packages, const struct file_log *log,
		      struct file_origins *ret, struct err *err);
int file_origins_read_look(const struct text *look, const struct packages *packages,
			   const struct file_log *log, struct file_origins *ret, struct err *err);
/* Content of a file that was kept, links followed; NULL: none such. */
const char *file_origins_text(const struct file_origins *o, const char *path);
void file_origins_release(struct file_origins *o);
