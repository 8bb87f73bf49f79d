/* SPDX-License-Identifier: MIT */
/*
 * Which package a file of a root file system belongs to, by what dpkg wrote down there:
 * var/lib/dpkg/info/PACKAGE.list, one path a line, and var/lib/dpkg/diversions (dpkg-divert(1)),
 * three lines each: the path, where it went, whose diversion it is.
 *
 *	struct member_reader reader = { owners_wants, owners_take, &owners, OWNERS_FILE_MAX };
 *	r = members_read(fd, &reader, &members, err);
 *	owners_finish(&owners, &members);
 */
#pragma once

#include "tar/members.h"

#define OWNERS_FILE_MAX ((uint64_t)64 << 20) /* of a .list */

struct owner {
	char *path;
	size_t package; /* in owners.package */
};

struct owners {
	struct owner *item; /* sorted by path, then package: directories have many owners */
	size_t count;
	size_t allocated;
	struct strv package;	/* names, without architecture */
	struct strv diversions; /* lines */
};

bool owners_wants(const struct member *m, void *data);
int owners_take(const struct member *m, const struct text *content, void *data, struct err *err);
/* Puts paths as the archive has them (/bin is a link to usr/bin), and sorts. */
void owners_finish(struct owners *o, const struct members *m);
/* How many packages own the path; they are o->item[*ret_first] and those behind it. */
size_t owners_find(const struct owners *o, const char *path, size_t *ret_first);
void owners_release(struct owners *o);
