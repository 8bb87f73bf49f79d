/* SPDX-License-Identifier: MIT */
/*
 * What an archive holds, as a sorted table: rootfs.tar.zst, another tar, or an initrd. The content
 * of files is read once, hashed on the way and not kept, except what a struct member_reader wants.
 *
 *	CLEANUP(members_release) struct members m = { 0 };
 *	r = members_read(fd, NULL, &m, err);
 *	const struct member *passwd = members_find(&m, "etc/passwd");
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/text.h"

#define MEMBERS_MAX ((size_t)4 << 20)	       /* entries */
#define MEMBERS_BYTES_MAX ((uint64_t)64 << 30) /* of all content, unpacked */
#define MEMBERS_NAME_MAX ((size_t)4095)	       /* bytes of a path or a link's target, as in Linux */
#define MEMBERS_XATTRS_MAX ((size_t)128 << 10) /* of one entry's extended attributes, as in Linux */
#define MEMBERS_NAMES_MAX ((size_t)512 << 20)  /* of all paths, targets and attributes */
#define MEMBERS_INITRD_MAX ((size_t)2 << 30)   /* unpacked */

struct member {
	char *path;  /* without "./" before and "/" behind; the root itself is "" */
	mode_t type; /* S_IFREG, S_IFDIR, S_IFLNK, …; of a hard link: its file's */
	mode_t mode; /* permissions, 07777 */
	uint64_t uid, gid;
	int64_t mtime; /* seconds */
	uint64_t size; /* bytes of a regular file; of a hard link: its file's */
	dev_t device;  /* of a device node */
	char *target;  /* of a symbolic link, or NULL */
	char *first;   /* of a hard link: the path that carries the content, or NULL */
	/* "NAME=HEX", "security.capability=cap_net_raw=ep" and "acl.access=user::rwx,…" a line,
	 * sorted; NULL: none */
	char *xattrs;
	char sha256[DIGEST_HEX]; /* of a regular file, hard links too; else "" */
	size_t place;		 /* of the entry in the archive, from 0 */
};

struct members {
	struct member *item; /* sorted by path in byte order, of equal ones by place */
	size_t count;
	size_t allocated;
};

/* For callers that need content. `wants` is asked about each regular file of at most `limit` bytes
 * as it comes (not about hard links), before its sha256 is known; if it says yes, `take` gets the
 * whole content, which is freed afterwards. An error of `take` ends the reading. */
struct member_reader {
	bool (*wants)(const struct member *m, void *data);
	int (*take)(const struct member *m, const struct text *content, void *data,
		    struct err *err);
	void *data;
	uint64_t limit;
	/* Gets each regular file piece by piece as it comes, then once more with size 0. Each of
	 * the functions may be NULL. */
	void (*piece)(const struct member *m, const void *bytes, size_t size, void *data);
};

/* A tar, or a single cpio; plain, gzip, xz, lz4 or zstd; from fd's position. reader may be NULL.
 * ERR_BUILD with libarchive's words if it is damaged, no archive, or over a limit. */
int members_read(int fd, const struct member_reader *reader, struct members *ret, struct err *err);

/* Bytes of an archive that come from elsewhere than a file. */
struct member_source {
	/* The next ones, which stay valid until the next call: how many, 0 at the end, negative
	 * with *err set. */
	ssize_t (*next)(void *data, const void **ret, struct err *err);
	void *data;
};
/* The same as members_read(); an error of the source comes before what it has led to. */
int members_read_source(const struct member_source *source, const struct member_reader *reader,
			struct members *ret, struct err *err);

/* An initrd as the kernel takes it: cpio archives (newc) one behind the other, with zeroes between
 * them; from some point on all the rest may be compressed (kernel: Documentation/driver-api/
 * early-userspace/buffer-format.rst). A path may come more than once. The whole initrd is in memory
 * while it is read. */
int members_read_initrd(int fd, const struct member_reader *reader, struct members *ret,
			struct err *err);

/* The last member of that path, which is what stays when the archive is unpacked; NULL: none. */
const struct member *members_find(const struct members *m, const char *path);
/* Where the path leads in a tree of these members: links of directories on the way are followed, a
 * link at its end only if `last`. The result has no slash in front; components that are not there
 * stay as they are. NULL if the links form a loop. Caller frees. */
char *members_resolve(const struct members *m, const char *path, bool last);
/* The index of the first member whose path does not come before this one; m->count if there is
 * none. */
size_t members_from(const struct members *m, const char *path);
void members_release(struct members *m);
