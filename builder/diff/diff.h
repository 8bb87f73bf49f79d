/* SPDX-License-Identifier: MIT */
/*
 * What changed between two results, or two locks: every difference as one value, sorted by what
 * matters to the reader, told as text, Markdown or JSON.
 *
 *	CLEANUP(diff_release) struct diff d = { 0 };
 *	r = diff_read("out/rescue64/OLD", "out/rescue64/latest", &d, err);
 *	diff_print_text(&d, 0, stdout);
 *
 * A lock knows packages and the recipe's digest; a result (manifest.json, rootfs.tar.zst) also
 * settings, menu, files and sizes. Of a result and a lock the locks are compared. Whether anything
 * changed is exact: without any change the results are the same bytes.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

/* In the order of the report. */
enum diff_section {
	DIFF_IMAGE,	  /* kernel, suite, architecture, name */
	DIFF_PERMISSIONS, /* setuid, capabilities, modes, owners */
	DIFF_SETTINGS,
	DIFF_SERVER,
	DIFF_MENU,
	DIFF_RECIPE, /* overlays, scripts, keys of the recipe */
	DIFF_PACKAGES,
	DIFF_FILES,	/* that no changed package explains */
	DIFF_GENERATED, /* files that programs make from the packages: dpkg's database, initramfs */
	DIFF_ARTIFACTS, /* what lies in the result */
	DIFF_BUILD,	/* recipe's digest, source-date-epoch, bytes-epoch */
	DIFF_SECTIONS,	/* how many there are */
};

/* In the order of a section. */
enum change_kind {
	CHANGE_DOWNGRADED,
	CHANGE_REPLACED, /* a package with the same version and another content */
	CHANGE_REMOVED,
	CHANGE_ADDED,
	CHANGE_UPGRADED,
	CHANGE_CHANGED,
};

struct change {
	enum diff_section section;
	enum change_kind kind;
	unsigned rank; /* within section and kind; then by name */
	char *name;
	json_t *old, *new; /* owned; NULL: not there. Objects are for machines only */
	char *words;	   /* owned; what else there is to say, or NULL */
};

/* What is compared with what. */
struct diff_side {
	char *path; /* as given */
	char *recipe, *version, *suite, *architecture;
};

struct diff {
	struct diff_side old, new;
	bool locks; /* only these were compared */
	bool mixed; /* because one is a lock and the other a result */
	struct change *item;
	size_t count; /* 0: no differences */
	size_t allocated;
};

/* ERR_USAGE if one is neither a result nor a lock, ERR_TRUST if it is damaged (SHA256SUMS, the
 * lock's form). Reads both root file systems where these differ; shows progress as stages "check"
 * and "compare". */
int diff_read(const char *old_path, const char *new_path, struct diff *ret, struct err *err);

/* most: how many lines a heading gets at most; the rest is only counted; 0: all. Colour where `to`
 * is a terminal. */
void diff_print_text(const struct diff *d, size_t most, FILE *to);
/* For a pull request (GitHub, GitLab): headings and tables. */
void diff_print_markdown(const struct diff *d, size_t most, FILE *to);
/* One object: {"event":"diff","equal":…,"compared":"results|locks","old":{…},"new":{…},
 * "changes":{SECTION:[{"change":KIND,"name":…,"old":…,"new":…,"words":…}]}}. All sections that were
 * compared are there. Caller owns it. */
json_t *diff_json(const struct diff *d);

void diff_release(struct diff *d);
