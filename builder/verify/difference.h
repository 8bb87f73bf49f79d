/* SPDX-License-Identifier: MIT */
/*
 * What differs between a result and its rebuild: which file, which member inside it, in what
 * respect, and as far as one can tell why.
 *
 *	CLEANUP(differences_release) struct differences f = { 0 };
 *	r = differences_compare(old_fd, new_fd, &variations, &f, err);
 *	if (f.count == 0) ... the same bytes ...
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "verify/variation.h"

struct difference {
	char *artifact; /* file of the result: "rootfs.tar.zst" */
	char *member;	/* in it, or NULL; of an archive in an archive: "initrd.img: conf/x" */
	char *what;   /* "content", "mode", "only in the rebuild", …; several with ", " between */
	char *cause;  /* for people, one of a few; never NULL */
	char *detail; /* lines: a unified diff, offsets, old and new value; "" for none */
	bool follows; /* of a list of the others' digests, which has to differ with them */
};

struct differences {
	struct difference *item; /* in the order of artifacts and members; those that follow last */
	size_t count;
	size_t allocated;
	size_t files;	/* that were compared */
	uint64_t bytes; /* of the original */
};

/* provenance.json and signatures aside. variations: what was varied, to recognise it again. */
int differences_compare(int old_fd, int new_fd, const struct variations *variations,
			struct differences *ret, struct err *err);
void differences_release(struct differences *f);

/* Grouped by cause, as text. */
void differences_text(const struct differences *f, struct text *ret);
