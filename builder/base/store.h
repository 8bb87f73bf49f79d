/* SPDX-License-Identifier: MIT */
/*
 * The store: files by the SHA-256 of their content, and facts that point at them.
 *
 *	STORE/sha256/ab/abcdef…    a blob; re-hashed whenever it is read
 *	STORE/fact/KIND/ab/KEY     a line of text somebody computed from KEY (ab: first digits of
 *	                           KEY's SHA-256): `plain` (digest of an original .deb -> digest of
 *	                           its plain form), `control` (-> its control file), `deb` (-> what
 *	                           it says of itself), `solv`, `release` (suite -> newest Date
 *	                           seen), `index` (suite -> digest of its last InRelease) …
 *	STORE/tree/PID.RANDOM      trees that did not fit into memory, locked while in use
 *	STORE/partial/PID.RANDOM   downloads under way, locked by flock(2) while their builder lives
 *
 * Safe for any number of builders at once: everything appears by rename, nothing is changed in
 * place. A blob whose content does not have its name's digest is removed and treated as absent,
 * with a warning.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/text.h"

struct store;

/* path NULL: $NETRESCUE_STORE, else $XDG_CACHE_HOME/netrescue, else ~/.cache/netrescue. Creates
 * it. */
int store_open(const char *path, struct store **ret, struct err *err);
void store_free(struct store *s);
DEFINE_CLEANUP_PTR(store)
const char *store_path(const struct store *s);
int store_dirfd(const struct store *s);

/* Removes the partial files of processes that were killed: their locks died with them. store_open()
 * has done it; again after killing a child that writes to the store. */
void store_sweep(struct store *s);

/* Opens the blob for reading after checking its digest: *ret_fd is -1 with return 0 if absent.
 * Renews its time stamp, since store_gc() (gc.h) spares what is young. */
int store_get(struct store *s, const char *sha256, int *ret_fd, struct err *err);
/* Whether there is a blob of that name, unchecked; renews it as well. */
bool store_has(struct store *s, const char *sha256);

/* Where it is, for programs that take a path; caller frees. Check it by store_get() first. */
char *store_blob_path(const struct store *s, const char *sha256);

/* A blob being written: write to .fd, then store_put_commit(). known: the digest of the content,
 * from a caller that hashed while it wrote; NULL: it is hashed from the file now. Without commit,
 * store_put_release() removes it. Blobs are 0644 and not synced: a read checks them anyway.
 *
 *	CLEANUP(store_put_release) struct store_put put = STORE_PUT_INIT;
 */
struct store_put {
	struct store *store;
	int fd;
	char *name;
};
#define STORE_PUT_INIT                                                                             \
	{                                                                                          \
		.fd = -1                                                                           \
	}

int store_put_begin(struct store *s, struct store_put *ret, struct err *err);
int store_put_commit(struct store_put *p, const char *known, char ret_sha256[DIGEST_HEX],
		     struct err *err);
void store_put_release(struct store_put *p);

/* Facts: one line each, shorter than STORE_FACT_MAX bytes. *ret is NULL with return 0 if there is
 * none. kind and key: [A-Za-z0-9._:@+-]+, not beginning with a dot, at most 200 bytes; others are
 * an error. */
#define STORE_FACT_MAX ((size_t)64 * 1024)
int store_fact_get(struct store *s, const char *kind, const char *key, char **ret, struct err *err);
int store_fact_set(struct store *s, const char *kind, const char *key, const char *value,
		   struct err *err);
