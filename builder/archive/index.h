/* SPDX-License-Identifier: MIT */
/*
 * The archive's indices. For the suite, each pocket (suite-updates, suite-security) and each
 * apt-repository there is an InRelease file, whose signature (trust.h) and freshness (release.h)
 * are checked, and for each component the Packages file that it names, which is fetched by-hash,
 * checked by its SHA-256 and kept in the store.
 *
 * The mirrors of a list are tried in turn until one serves an InRelease that is signed, fresh and
 * Debian's own. If none does, the error is that of the first mirror, or of the first broken
 * signature.
 */
#pragma once

#include "archive/mirror.h"
#include "base/store.h"
#include "base/err.h"
#include "recipe/recipe.h"

/* More than this is no Packages file, compressed or not (trixie main amd64 has 55 MB of text). */
#define INDEX_TEXT_MAX ((size_t)1024 * 1024 * 1024)

struct index_file {		 /* one verified Packages.xz */
	char *suite;		 /* trixie-updates */
	char *component;	 /* main; "" in a flat archive */
	char *architecture;	 /* amd64, or all if that is apart: see release.h */
	char *title;		 /* "'trixie', component 'main'", for messages */
	char *repository;	 /* as in struct package */
	char sha256[DIGEST_HEX]; /* of Packages.xz, in the store */
	uint64_t text_size;	 /* of the text in it, as its Release says; 0: it does not */
	int pin_priority;	 /* of its release, see release.h, or the recipe's for it */
	bool pocket;		 /* an update or security pocket of the main suite */
	char *archive, *codename, *origin, *label; /* of its Release: Suite, Codename …; "" */
};

struct index_release { /* for provenance.json */
	char *suite;
	char *url;		 /* base URL that answered, without user or password */
	char *directory;	 /* of that file below it */
	const char *file;	 /* InRelease, or Release beside a Release.gpg */
	char *date;		 /* as signed */
	char *fingerprint;	 /* of the key that signed (primary key) */
	char sha256[DIGEST_HEX]; /* of that file */
};

struct indices {
	struct index_file *file;
	size_t count;
	size_t allocated;
	struct index_release *release;
	size_t release_count;
	size_t release_allocated;
};

/* keyring: NULL means that of the recipe, or Debian's own (trust_debian_keyring()). offline: use
 * only what the store remembers of the last time (suite.h). now: the time in seconds, by which a
 * Release is judged to be fresh or expired, unless the recipe says a moment for Debian's
 * (snapshot). */
struct index_options {
	const char *keyring;
	bool offline;
	int64_t now;
};
int indices_update(struct store *s, const struct recipe *recipe, const struct mirrors *mirrors,
		   const struct index_options *options, struct indices *ret, struct err *err);
void indices_release(struct indices *i);

/* The decompressed text of a Packages file of the store, at most .text_size or INDEX_TEXT_MAX
 * bytes, as a private file that is already unlinked, positioned at its start. (libsolv's
 * repo_add_debpackages() wants a FILE, which fdopen() makes of it.) */
int index_open_text(struct store *s, const struct index_file *file, int *ret_fd, struct err *err);
