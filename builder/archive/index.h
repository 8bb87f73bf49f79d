/* SPDX-License-Identifier: MIT */
/*
 * The archive's indices: for the suite and each pocket (suite-updates, suite-security) and each
 * apt-repository, the InRelease file, verified (trust.h), fresh (release.h), and the Packages.xz it
 * names for each component, fetched by-hash, checked by SHA-256 and kept in the store.
 *
 * The mirrors of a list are tried in turn until one serves an InRelease that is signed, fresh and
 * Debian's own; the error is the first mirror's, or the first broken signature's.
 */
#pragma once

#include "archive/mirror.h"
#include "base/store.h"
#include "base/err.h"
#include "recipe/recipe.h"

/* More than this is no Packages file (trixie main amd64 has 55 MB of text). */
#define INDEX_TEXT_MAX ((size_t)1024 * 1024 * 1024)

struct index_file {		 /* one verified Packages.xz */
	char *suite;		 /* trixie-updates */
	char *component;	 /* main */
	char *repository;	 /* as in struct package */
	char sha256[DIGEST_HEX]; /* of Packages.xz, in the store */
	int pin_priority;	 /* of its release, see release.h */
	bool pocket;		 /* an update or security pocket of the main suite */
};

struct index_release { /* for provenance.json */
	char *suite;
	char *url;		 /* base URL that answered, without user or password */
	char *date;		 /* as signed */
	char *fingerprint;	 /* of the key that signed (primary key) */
	char sha256[DIGEST_HEX]; /* of InRelease */
};

struct indices {
	struct index_file *file;
	size_t count;
	size_t allocated;
	struct index_release *release;
	size_t release_count;
	size_t release_allocated;
};

/* offline: only what the store remembers of the last time (facts `index`). keyring NULL: Debian's,
 * /usr/share/keyrings/debian-archive-keyring.gpg. now: seconds, for freshness. */
struct index_options {
	const char *keyring;
	bool offline;
	int64_t now;
};
int indices_update(struct store *s, const struct recipe *recipe, const struct mirrors *mirrors,
		   const struct index_options *options, struct indices *ret, struct err *err);
void indices_release(struct indices *i);

/* The decompressed text of a Packages file of the store: a private, already unlinked file,
 * positioned at its start (fdopen() it for libsolv's repo_add_debpackages). At most
 * INDEX_TEXT_MAX bytes. */
int index_open_text(struct store *s, const struct index_file *file, int *ret_fd, struct err *err);
