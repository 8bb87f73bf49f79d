/* SPDX-License-Identifier: MIT */
/*
 * Which package a path of a root file system belongs to, by what dpkg has written down in it:
 * var/lib/dpkg/info/PACKAGE.list (or PACKAGE:ARCHITECTURE.list, for Multi-Arch: same), one path a
 * line, and var/lib/dpkg/diversions (dpkg-divert(1)), three lines for each diversion: the path,
 * where it was diverted to, and the package that asked for it.
 *
 * A list has the path under which the package ships a file. Where that is in the tree:
 *
 * - A diversion by another package moves it; one by the package itself does not. ":" as package
 *   means that the administrator asked for it, which moves every package's file. dpkg compares
 *   paths as they are written, without looking at links, and packages by name, whatever their
 *   architecture.
 * - Then links of directories on the way are followed, as many as there are, inside the tree: with
 *   a merged /usr, /bin/ls of a list is usr/bin/ls. The last component is not followed: a package
 *   that ships a link owns the link, not what it points to.
 *
 * The files are read while an archive is read:
 *
 *	CLEANUP(file_owners_release) struct file_owners owners = { 0 };
 *	struct member_reader reader = {
 *		.wants = file_owners_wants, .take = file_owners_take,
 *		.data = &owners, .limit = FILE_OWNERS_TEXT_MAX,
 *	};
 *	r = members_read(fd, &reader, &members, err);
 *	file_owners_resolve(&owners, &members);
 *	count = file_owners_find(&owners, "usr/bin/ls", &first);
 */
#pragma once

#include "tar/members.h"

#define FILE_OWNERS_TEXT_MAX ((uint64_t)64 << 20) /* of a list or of the diversions */

struct file_owner {
	char *path;	/* as the members have it: without a slash in front */
	size_t package; /* index in file_owners.package */
};

struct file_owners {
	struct file_owner *item; /* sorted by path, then package: directories have many owners */
	size_t count;
	size_t allocated;
	struct strv package;	/* names without architecture, in the order in which lists came */
	struct strv diversions; /* lines */
};

/* For struct member_reader; data is the struct file_owners. */
bool file_owners_wants(const struct member *m, void *data);
int file_owners_take(const struct member *m, const struct text *content, void *data,
		     struct err *err);
/* After the reading: finds out where the paths of the lists are, and sorts. */
void file_owners_resolve(struct file_owners *owners, const struct members *members);
/* How many packages own the member at this path; they are owners->item[*ret_first] and those behind
 * it. */
size_t file_owners_find(const struct file_owners *owners, const char *path, size_t *ret_first);
void file_owners_release(struct file_owners *owners);
