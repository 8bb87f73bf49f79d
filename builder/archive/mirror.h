/* SPDX-License-Identifier: MIT */
/*
 * Which hosts to ask. It never influences bytes.
 *
 * - --mirror: that one and no other.
 * - Else this machine's apt configuration (apt-source.h), then the recipe's `mirrors:`. Of apt's
 *   lines only those can be Debian's own archive whose suite has a Debian name, whose components
 *   are Debian's, and whose Signed-By, if there is one, is a debian-archive keyring; what the
 *   recipe's suite is does not matter, because the hosts that serve one suite serve the others.
 *   Lines of the recipe's suite come first. Whether a candidate really is Debian's, the Origin and
 *   Label of its signed Release say (index.h); one that is not is passed over.
 * - Security: lines whose suite ends in -security (or /updates) or whose URL ends in
 *   debian-security. Where none is known, it is sought beside the archive: URL-security if URL ends
 *   in /debian, else at the same URL.
 * - Asked last, and only for files that a lock names: what the recipe's `mirrors:` name beside
 *   --mirror; and URLs with MIRROR_TIMESTAMP in them, snapshot archives of old
 *   states, since only a lock says of which time.
 * - The proxy is apt's Acquire::http::Proxy, by apt-config(8).
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "recipe/recipe.h"

#define MIRROR_TIMESTAMP "{timestamp}"

struct mirrors {
	struct strv archive;  /* for suite and suite-updates: base URLs, best first */
	struct strv security; /* for suite-security; none ends with a slash */
	struct strv last;     /* for mirrors_at(), as the next */
	struct strv last_security;
	char *proxy; /* URL, "" for expressly none, or NULL: what $http_proxy says */
};

/* command_line: the --mirror argument or NULL. apt_root: "/" (tests give another root, whose
 * apt.conf is not read). It is no error if no mirror is known: a build from a lock may find
 * everything in the store. ERR_USAGE if a URL is not one of http, https or file. */
int mirrors_find(const char *command_line, const char *apt_root, const struct recipe *recipe,
		 struct mirrors *ret, struct err *err);
/* For whoever is about to ask one: ERR_USAGE if no mirror is known. */
int mirrors_require(const struct mirrors *m, struct err *err);
/* Appends to ret the base URLs of such a list. time is a lock's Source-Date-Epoch, the newest
 * changelog's date: some days before that package's upload, some weeks before a point release. So
 * of a snapshot: a day, a week and a month later, then that very time, as 20260829T041900Z; the
 * servers answer with the last state before it. */
void mirrors_at(const struct strv *last, int64_t time, struct strv *ret);
void mirrors_release(struct mirrors *m);
