/* SPDX-License-Identifier: MIT */
/*
 * One suite of one archive, and its Release file. Each mirror is asked in turn until one serves a
 * Release that is verified, fresh and of the right suite; offline, it is the last such one that the
 * store remembers. The interface for others is indices_update(); they only need suite_key() and the
 * facts.
 *
 * A mirror is asked for InRelease, which holds its own signature. Only if it says that it has no
 * such file, it is asked for Release and Release.gpg, as apt does: whatever else is wrong with an
 * InRelease is no reason to look for something that may be easier to forge.
 */
#pragma once

#include "archive/network.h"
#include "archive/release.h"
#include "base/store.h"
#include "base/err.h"
#include "base/text.h"
#include "recipe/recipe.h"

/* The store's facts about a suite, by its key (suite_key()). */
#define SUITE_FACT_INDEX "index"   /* digest of its last signed text, which is a blob */
#define SUITE_FACT_DATE "release"  /* newest Date seen, in seconds */
#define SUITE_FACT_SOURCE "source" /* base URL that it came from, without user and password */

#define INRELEASE_MAX ((size_t)8 * 1024 * 1024) /* bytes of a signed text */

struct suite {
	char *name;		    /* trixie-updates: as asked for */
	char *directory;	    /* of its Release below the base URL: dists/trixie-updates */
	char *repository;	    /* as in struct package */
	char *key;		    /* of its facts */
	const char *keyring;	    /* borrowed */
	const char *keyring_digest; /* borrowed; NULL: no recipe names it */
	bool own_keyring;	    /* the user has named it, for a mirror of one's own */
	const struct strv *mirrors; /* borrowed; base URLs */
	const char *label;  /* "Debian", "Debian-Security": then Origin must be Debian; NULL: any */
	const char *family; /* borrowed; trixie, of its pockets, too; NULL: not Debian's */
	bool pocket;
	int priority;			      /* what the recipe says of its packages; 0: nothing */
	const struct recipe_list *components; /* borrowed */
	int64_t now;			      /* by which it is fresh or expired */
	bool dated;			      /* and that is not today, but a snapshot's moment */

	bool found; /* if so, what follows is filled in */
	char *url;  /* base URL that answered, as given */
	char *fingerprint;
	struct text text;	 /* as signed (suite-release.h); empty if it came from the store */
	char sha256[DIGEST_HEX]; /* of that text, which is a blob once it is remembered */
	const char *file;	 /* "InRelease", or "Release" beside a Release.gpg */
	char file_sha256[DIGEST_HEX]; /* of that file */
	struct release release;
	size_t next;	      /* mirror to ask */
	bool detached;	      /* it has no InRelease: ask for Release and Release.gpg */
	struct err inrelease; /* what it said then */
	struct err err;	      /* why the mirrors before that one were of no use */
};

/* The key of a suite's facts. repository: as in struct package; a slash at its end does not matter.
 * snapshot: the recipe's, which counts for Debian's suites: the state of a moment is not compared
 * with that of another. The caller frees it. */
char *suite_key(const char *repository, const char *name, const char *snapshot);

/* URL of a file below the suite's directory at a mirror; the caller frees it. */
char *suite_url(const struct suite *suite, const char *base, const char *path);

/* Finds all suites. It fails for the first suite that no mirror serves as it should. */
int suites_fetch(struct store *s, struct suite *suite, size_t count, const struct network *network,
		 struct err *err);
/* The same from the store alone; ERR_NETWORK if it has none. */
int suites_recall(struct store *s, struct suite *suite, size_t count, struct err *err);
/* Remembers what was found. Call it only when the store has all that the Release files name. */
int suites_remember(struct store *s, const struct suite *suite, size_t count, struct err *err);
void suite_release(struct suite *suite);
