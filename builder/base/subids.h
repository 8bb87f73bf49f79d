/* SPDX-License-Identifier: MIT */
/*
 * Ranges of subordinate ids, as subuid(5) and subgid(5) hand them out, and ids that nobody has: the
 * files' first field is a name or a number, the others say where the range begins and how long it
 * is.
 *
 *	CLEANUP(subids_release) struct subids taken = { 0 };
 *	r = subids_read(SUBUID_FILE, NULL, 0, &taken, err);
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define SUBUID_FILE "/etc/subuid"
#define SUBGID_FILE "/etc/subgid"
/* How many a sandbox needs: the ids 0 to 65535. */
#define SUBIDS_COUNT 65536U
/* Where to look for ids that nobody has: above those that shadow, systemd and containers hand out
 * by default. A range begins at the last of these at the latest. */
#define SUBIDS_HIGH_FIRST 0x70000000U
#define SUBIDS_HIGH_LAST 0x7ffe0000U

struct subid_range {
	uint64_t first;
	uint64_t count;
};

struct subids {
	struct subid_range *item; /* owned */
	size_t count;
	size_t allocated;
};

/* Appends the ranges of a user, by name or number; of everybody, if name is NULL. A missing file
 * has none; lines that are none are passed over. */
int subids_read(const char *path, const char *name, uid_t uid, struct subids *ret, struct err *err);
/* The same of both files for everybody: what is handed out to anybody at all. */
int subids_read_taken(struct subids *ret, struct err *err);
/* Whether one of them has any of the `count` ids from `first` on. */
bool subids_overlap(const struct subids *s, uint64_t first, uint64_t count);
/* The first SUBIDS_COUNT high ids that neither file hands out to anybody. Two callers get the same:
 * who else uses them is for the caller to know. */
int subids_find_unused(uint32_t *ret, struct err *err);
void subids_release(struct subids *s);
