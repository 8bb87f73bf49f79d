/* SPDX-License-Identifier: MIT */
/*
 * What a command in the sandbox was made of: every path that it, or anything that it started, has
 * looked at, each with what was to be seen there before the command ran. If all of it is the same
 * in another tree, the command would do the same there, and its effect can be laid instead.
 *
 * sandbox-namespace makes recordings (namespace/ns-record.h says how) and compares them with a tree
 * (namespace/ns-replay.c). For the main program one is a row of bytes, which it keeps in the store;
 * a script may have had a say in what they are, so recording_parse() takes nothing for granted.
 */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "base/text.h"

/* How much of a path a command has seen. Each has what the one before has. */
enum look {
	LOOK_NONE,
	LOOK_WAY,     /* that it leads on: type, mode, owner, where a link points */
	LOOK_STATUS,  /* what stat(2) and getxattr(2) tell, or that nothing is there */
	LOOK_CONTENT, /* the content of a file, the names in a directory */
};

/* No command of an ordinary build comes near. */
#define RECORDING_PATHS_MAX ((size_t)1 << 18)
#define RECORDING_TEXT_MAX ((size_t)32 << 20) /* bytes of all paths */
/* Bytes of all of it, so that it fits into a message (MESSAGE_BODY_MAX) with room to spare. */
#define RECORDING_BYTES_MAX ((size_t)60 << 20)

struct recorded {
	char *path; /* from the root of the tree, without links on the way; "." is the root */
	enum look look;
	char *seen; /* as print_format() says it (namespace/ns-print.c) */
};

struct recording {
	struct recorded *item; /* in byte order of the paths */
	size_t count;
	size_t allocated;
	struct strv removed; /* paths that the command has removed: what is in a directory first */
};

/* Takes `seen`. */
void recording_add(struct recording *r, const char *path, enum look look, char *seen);
void recording_sort(struct recording *r);
void recording_format(const struct recording *r, struct text *ret);
/* ERR_BUILD unless all of it is well-formed, its paths stay in the tree, and each is there once. */
int recording_parse(const char *data, size_t size, struct recording *ret, struct err *err);
void recording_release(struct recording *r);
