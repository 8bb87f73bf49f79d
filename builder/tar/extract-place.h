/* SPDX-License-Identifier: MIT */
/*
 * Where the entries of an archive go: extract.c opens directories by this module only. Every lookup
 * stays below the root (openat2(2): RESOLVE_IN_ROOT, no magic links, no other mounts), wherever
 * links point.
 */
#pragma once

struct place {
	int root;    /* borrowed */
	char *above; /* owned: the directory that place_enter() opened last … */
	int parent;  /* … and its descriptor (O_PATH) */
};

#define PLACE_INIT(root_fd)                                                                        \
	{                                                                                          \
		.root = (root_fd), .parent = -1                                                    \
	}

/* "./usr//bin/" -> "usr/bin", "./" -> "."; NULL if the name is absolute or has "..". The caller
 * frees it. */
char *place_clean(const char *name);
/* The parts of a clean path: "usr/bin" -> "usr" (the caller frees it) and "bin". */
char *place_directory(const char *path);
const char *place_name(const char *path);

/* Opens a directory by its clean path (O_PATH): -errno; -EXDEV if it is of another mount. */
int place_open(const struct place *p, const char *path);
/* Opens the directory that holds path as p->parent; missing directories are made, with mode 0755.
 * -errno. */
int place_enter(struct place *p, const char *path);
/* Closes p->parent. Call it when something else may have got a directory's name, and at the end. */
void place_forget(struct place *p);
