/* SPDX-License-Identifier: MIT */
/*
 * The signed text of an InRelease file (Debian wiki, DebianRepository/Format): which suite it is,
 * of which day, and the SHA-256 and size of every index. Parse only text that trust.h has verified.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/text.h"

/* What apt gives a release by default (apt_preferences(5)); one that says NotAutomatic, such as
 * backports or experimental, gets less, so that packages come from it only if the recipe asks for
 * them. */
#define PIN_PRIORITY_DEFAULT 500
#define PIN_PRIORITY_UPGRADES 100 /* with ButAutomaticUpgrades as well */
#define PIN_PRIORITY_NOT_AUTOMATIC 1

#define RELEASE_FILES_MAX 100000

/* A Date may be so many seconds ahead of our clock, because clocks are never quite right. */
#define RELEASE_FUTURE_TOLERANCE 600

struct release_file {
	char *path; /* relative to dists/SUITE: main/binary-amd64/Packages.xz */
	char sha256[DIGEST_HEX];
	uint64_t size;
};

struct release {
	char *origin; /* these five are "" if absent */
	char *label;
	char *suite;
	char *codename;
	char *date; /* as written */
	int64_t date_seconds;
	char *valid_until; /* as written, NULL if absent: some suites never expire */
	int64_t valid_until_seconds;
	bool by_hash; /* Acquire-By-Hash: yes */
	/* The pin priority of the packages that it lists (apt_preferences(5)). */
	int pin_priority;
	/* Packages of architecture all are listed in binary-all only: "all" is one of the
	 * architectures, and No-Support-for-Architecture-all does not say otherwise. */
	bool all_apart;
	struct strv components;
	struct strv architectures;
	struct release_file *file; /* sorted by path */
	size_t file_count;
	size_t file_allocated;
};

/* name: the URL, for messages; every failure is ERR_TRUST. */
int release_parse(const char *name, const char *text, size_t size, struct release *ret,
		  struct err *err);
/* The file of that path; NULL if the release has none. */
const struct release_file *release_find(const struct release *release, const char *path);

/* The moment by which a release is judged: seconds, and what they are, for messages. */
struct release_clock {
	int64_t now;
	bool snapshot; /* the recipe's; else it is this machine's clock */
};

/* ERR_TRUST if it is from the future, or if it is older than last_seen, the newest Date of this
 * suite that was ever seen (0: none). A mirror that serves an old state hides security updates. */
int release_check_date(const struct release *release, const char *name,
		       const struct release_clock *clock, int64_t last_seen, struct err *err);
/* ERR_TRUST if it has expired: Valid-Until < now. */
int release_check_valid(const struct release *release, const char *name,
			const struct release_clock *clock, struct err *err);
/* ERR_TRUST unless `wanted` is its Suite or its Codename: a mirror could serve another suite in its
 * place, whose signature is just as good. */
int release_check_suite(const struct release *release, const char *name, const char *wanted,
			struct err *err);
void release_release(struct release *release);
