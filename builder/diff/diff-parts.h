/* SPDX-License-Identifier: MIT */
/* What the parts of diff.h share: each compares one kind of fact and adds changes. */
#pragma once

#include "archive/lock.h"
#include "diff/diff.h"
#include "publish/result-files.h"

/* One of the two that are compared. */
struct diff_input {
	const char *path;	   /* borrowed */
	int dir_fd;		   /* owned: of a result, else -1 */
	json_t *manifest;	   /* owned: of a result, else NULL */
	struct result_files files; /* owned: what is in a result, hashed */
	struct lock lock;	   /* owned */
};
#define DIFF_INPUT_INIT                                                                            \
	{                                                                                          \
		.dir_fd = -1                                                                       \
	}

int diff_input_open(const char *path, struct diff_input *ret, struct err *err);
void diff_input_release(struct diff_input *in);

/* Adds a change; takes old and new. Returns it, valid until the next one is added. */
struct change *diff_add(struct diff *d, enum diff_section section, enum change_kind kind,
			const char *name, json_t *old, json_t *new);
/* Adds a change if the two values differ: added if old is NULL, removed if new is, else changed.
 * Returns NULL if they are equal. Borrows both. */
struct change *diff_values(struct diff *d, enum diff_section section, const char *name, json_t *old,
			   json_t *new);
/* Appends to the change's words, after "; " if it has some already. */
void change_words(struct change *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "+1.2 MB", "-300 B"; caller frees. */
char *size_change(uint64_t old, uint64_t new);

/* Every field of the two locks. */
void diff_locks(struct diff *d, const struct lock *old, const struct lock *new);
/* Settings, server, menu. */
void diff_manifests(struct diff *d, json_t *old, json_t *new);
/* Compares the files of the results, as they are there. Texts in which the version stands are
 * compared without it. */
int diff_artifacts(struct diff *d, const struct diff_input *old, const struct diff_input *new,
		   struct err *err);
/* Compares the root file systems. Call it after diff_locks(), whose changes explain most of what
 * differs. */
int diff_trees(struct diff *d, const struct diff_input *old, const struct diff_input *new,
	       struct err *err);

/* One heading of the report: the changes of a section, of one kind if it says so. */
struct diff_heading {
	enum diff_section section;
	bool by_kind;
	enum change_kind kind;
	const char *text;
	const char *noun; /* what one of them is, for Markdown's column and the summary */
	bool bytes;	  /* numbers are sizes */
	bool minor;	  /* follows from other changes: in the summary only if alone */
};
extern const struct diff_heading diff_headings[];
extern const size_t diff_heading_count;

extern const char *const diff_section_names[DIFF_SECTIONS];
extern const char *const change_kind_names[];

/* The changes below the heading are d->item[*ret_first] and those behind it; how many. */
size_t diff_below(const struct diff *d, const struct diff_heading *h, size_t *ret_first);
/* A value as people read it, "" for NULL and objects; caller frees. */
char *diff_value_text(const struct diff_heading *h, const json_t *value);
/* "kernel 6.12.107 -> 6.12.117, 1 package removed, 12 packages upgraded, 3 files"; caller frees. */
char *diff_summary(const struct diff *d);
/* "rescue64 20260829T041900Z-1f3a9c2e (trixie amd64)"; caller frees. */
char *diff_side_text(const struct diff_side *side);
/* Says that only the locks were compared although a result was given; else NULL. */
const char *diff_remark(const struct diff *d);
