/* SPDX-License-Identifier: MIT */
/* What members.c and members-initrd.c share. */
#pragma once

#include "base/libarchive.h"
#include "tar/members.h"

struct member_walk {
	struct archive *archive; /* borrowed */
	const struct member_reader *reader;
	struct members members;
	uint64_t bytes; /* of content so far */
	size_t names;	/* bytes of paths, targets and attributes so far */
	char *buffer;
};

void member_walk_release(struct member_walk *w);
/* Adds all entries of the open archive. */
int member_walk_read(struct member_walk *w, struct err *err);
/* Sorts, lets hard links know their file, and hands the table out. */
int member_walk_finish(struct member_walk *w, struct members *ret, struct err *err);

/* The compressions that archives may have. Not all that libarchive knows: for some it runs
 * programs. */
void member_archive_filters(struct archive *a);
/* ERR_BUILD, with what libarchive says. */
int member_archive_error(struct archive *a, struct err *err);
