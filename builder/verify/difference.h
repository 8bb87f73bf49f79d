/* SPDX-License-Identifier: MIT */
/*
 * What differs between a result and its rebuild: which file, which member inside it, in what
 * respect, and as far as one can tell why. result-diff.h finds the differences.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct difference {
	char *artifact; /* file of the result: "rootfs.tar.zst" */
	char *member;	/* in it, or NULL; of an archive in an archive: "initrd.img: conf/x" */
	char *what;   /* "content", "mode", "only in the rebuild", …; several with ", " between */
	char *cause;  /* for people: the likely cause, from a short list; never NULL */
	char *maker;  /* of a file of the tree that no package brought: who made it; or NULL */
	char *detail; /* lines: a unified diff, offsets, old and new value; "" for none */
	bool follows; /* the file lists digests of the others, and so has to differ with them */
};

struct differences {
	struct difference *item; /* in the order of artifacts and members; those that follow last */
	size_t count;
	size_t allocated;
	size_t files;	/* how many were compared */
	uint64_t bytes; /* of the original */
};

/* Copies all texts; member may be NULL, and so may cause, where none is known. The difference is
 * valid until the next one is added. */
struct difference *differences_add(struct differences *list, const char *artifact,
				   const char *member, const char *what, const char *cause);
/* The report: how many, then grouped by cause, a paragraph each; nothing without differences. Names
 * in a result are its giver's, and so they are escaped. */
void differences_text(const struct differences *list, struct text *ret);
void differences_release(struct differences *list);
