/* SPDX-License-Identifier: MIT */
/*
 * The store: files by the SHA-256 of their content, and facts that point at them.
 *
 *	STORE/sha256/ab/abcdef…     a blob; re-hashed whenever it is read
 *	STORE/fact/KIND/ab/KEY      a line of text somebody computed from KEY: `plain` (digest of an
 *	                            original .deb -> digest of its plain form), `epoch` (-> ar time stamp),
 *	                            `solv`, `release` (suite -> newest Date seen) …
 *	STORE/tree/PID.RANDOM       trees that did not fit into memory, locked while in use
 *	STORE/partial/…             downloads under way
 *
 * Safe for any number of builders at once: everything appears by rename, nothing is changed in place.
 * A blob whose content does not have its name's digest is removed and treated as absent, with a warning.
 */
#pragma once

#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/text.h"

struct store;

/* path NULL: $NETRESCUE_STORE, else $XDG_CACHE_HOME/netrescue, else ~/.cache/netrescue. Creates it. */
int store_open(const char *path, struct store **ret, struct err *err);
void store_free(struct store *s);
DEFINE_CLEANUP_PTR(store)
const char *store_path(const struct store *s);
int store_dirfd(const struct store *s);

/* Opens the blob for reading after checking its digest: *ret_fd is -1 with return 0 if absent. */
int store_get(struct store *s, const char *sha256, int *ret_fd, struct err *err);

/* A blob being written: write to .fd, then store_put_commit() with the digest the content must have
 * (NULL: whatever it has). The content is hashed again from the file unless the caller did so while
 * writing and says it in `known`. Without commit, store_put_release() removes it. */
struct store_put {
	struct store *store;
	int fd;
	char *name;
};
int store_put_begin(struct store *s, struct store_put *ret, struct err *err);
int store_put_commit(struct store_put *p, const char *known, char ret_sha256[DIGEST_HEX],
		     struct err *err);
void store_put_release(struct store_put *p);

/* Facts: small texts. *ret is NULL with return 0 if there is none. key: [A-Za-z0-9._:@+-]+ */
int store_fact_get(struct store *s, const char *kind, const char *key, char **ret, struct err *err);
int store_fact_set(struct store *s, const char *kind, const char *key, const char *value,
		   struct err *err);
