/* SPDX-License-Identifier: MIT */
/*
 * Names of an archive as places in a directory: extract.c's view of paths. Every lookup stays below
 * the root (openat2(2): RESOLVE_IN_ROOT, no magic links, no other mounts), wherever links point.
 */
#pragma once

struct place {
	int root;    /* borrowed */
	char *above; /* owned; the directory of the entry before, and its descriptor (O_PATH) */
	int parent;
};

#define PLACE_INIT(root_fd)                                                                        \
	{                                                                                          \
		.root = (root_fd), .parent = -1                                                    \
	}

/* "./usr//bin/" -> "usr/bin", "./" -> "."; NULL if it is absolute or climbs. The caller frees
 * it. */
char *place_clean(const char *name);
/* The parts of a clean path: "usr/bin" -> "usr" (the caller frees it) and "bin". */
char *place_directory(const char *path);
const char *place_name(const char *path);

/* Opens a directory by its clean path (O_PATH): -errno; -EXDEV if it is of another mount. */
int place_open(const struct place *p, const char *path);
/* Makes p->parent the directory that holds path; what is missing of it is made, 0755. -errno. */
int place_enter(struct place *p, const char *path);
/* To be called when a directory's name may have changed its meaning; also releases. */
void place_forget(struct place *p);
