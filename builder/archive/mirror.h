/* SPDX-License-Identifier: MIT */
/*
 * Which mirrors to ask. They never influence the bytes of a result.
 *
 * - With --mirror it is that one and no other.
 * - Else it is those of this machine's apt configuration (apt-source.h), then the recipe's
 *   `mirrors:`. An entry of apt's may be Debian's own archive if its suite has a name of Debian's,
 *   its components are Debian's, and its Signed-By, if there is one, is a debian-archive keyring.
 *   It need not be of the recipe's suite, because a host that serves one suite serves the others;
 *   but entries of the recipe's suite come first. Whether a candidate really is Debian's, the
 *   Origin and Label of its signed Release say (index.h); one that is not is passed over.
 * - Security updates come from entries whose suite ends in -security (or /updates) or whose URL
 *   ends in debian-security. Where there are none, they are looked for beside the archive: at
 *   URL-security if URL ends in /debian, else at the same URL.
 * - Some mirrors are asked last, and only for files that a lock names: those of the recipe's
 *   `mirrors:` if there is --mirror; and archives of old states, whose URLs hold MIRROR_TIMESTAMP,
 *   because only a lock says which time is meant. If the recipe says it (`snapshot:`), they alone
 *   are asked for the suites.
 * - How they are reached, network.h says.
 */
#pragma once

#include <stdint.h>

#include "archive/network.h"
#include "base/err.h"
#include "base/text.h"
#include "recipe/recipe.h"

#define MIRROR_TIMESTAMP "{timestamp}"

struct mirrors {
	struct strv archive;  /* for suite and suite-updates: base URLs, best first */
	struct strv security; /* for suite-security; none ends with a slash */
	struct strv last;     /* to be asked last: see mirrors_at(); the next one, too */
	struct strv last_security;
	struct strv dated; /* those of them that are of the recipe's snapshot, at its moment */
	struct strv dated_security;
	struct network network;
};

/* command_line: the --mirror argument or NULL. apt_root: "/" (tests give another root, whose
 * apt.conf is not read). It is no error if no mirror is known: a build from a lock may find
 * everything in the store. ERR_USAGE if a URL is not one of http, https or file. */
int mirrors_find(const char *command_line, const char *apt_root, const struct recipe *recipe,
		 struct mirrors *ret, struct err *err);
/* For whoever is about to ask one: ERR_USAGE if no mirror is known. */
int mirrors_require(const struct mirrors *m, struct err *err);
/* For whoever is about to ask for a suite: the same of an archive of old states, if the recipe's
 * `snapshot:` needs one. */
int mirrors_require_suites(const struct mirrors *m, const struct recipe *recipe, struct err *err);
/* Appends to ret the base URLs of a list of mirrors to be asked last. time is a lock's
 * Source-Date-Epoch. That is the date of the newest changelog, which is some days before the upload
 * of that package, and some weeks before a point release; and a snapshot archive answers with the
 * last state before the time that it is asked for. So it is asked for a day, a week and a month
 * later, then for that very time, written as 20260829T041900Z. */
void mirrors_at(const struct strv *last, int64_t time, struct strv *ret);
void mirrors_release(struct mirrors *m);
