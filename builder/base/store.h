/* SPDX-License-Identifier: MIT */
/*
 * The store: a cache of files, each by the SHA-256 of its content, and of facts.
 *
 *	STORE/sha256/ab/abcdef…    a blob; it is hashed again whenever it is read
 *	STORE/known/KIND/ab/KEY    a fact (ab: the first digits of KEY's SHA-256)
 *	STORE/tree/PID.RANDOM      trees that did not fit into memory, locked while they are in use
 *	STORE/partial/PID.RANDOM   files being written, locked by flock(2) while their builder lives
 *	STORE/log/RECIPE-VERSION.log   what the sandbox printed during a build (command/stages.c)
 *	STORE/lab/RECIPE/VERSION   images of the lab's file server (command/fileserver.h)
 *
 * A fact is one line of text that a module wants to remember under a key: what would take long to
 * compute again, or what the network said the last time. Most often key or value is the digest of a
 * blob; store_gc() (archive/gc.h) drops a fact whose key begins with the digest of a blob that it
 * drops, and keeps the blobs that a remaining fact names. Each kind belongs to one module, whose
 * header says what its facts mean; any of them may be missing at any time.
 *
 * Whoever can fill a store must be able to cost time, never truth: a store may come from a cache of
 * a CI service or from another machine. So nothing in it is believed because of where it lies:
 *
 *	- A blob is asked for by a digest that was learnt from somewhere that is trusted (a lock, a
 *	  signed index, a fact). It is hashed when it is opened, and read by that same descriptor.
 *	- A fact counts only with a tag over kind, key and value that was made by the key of the
 *	  store's owner, which lies outside the store (store-key.h). One without it is not there.
 *	- What else is kept, a directory for instance, is bound by a fact to a list of the digests
 *	  of all that is in it, and is hashed before it is used (publish/result-built.h).
 *
 * So who keeps something that was derived names it by a fact whose key has all that it was derived
 * from: the digests of the sources, the choices, and a number that is raised when it is derived in
 * another way. The value is the digest of what was derived:
 *
 *	r = store_fact_get(s, "solv", key, &digest, err);
 *	if (digest) r = store_get(s, digest, &fd, err);
 *	if (fd < 0) ...derive it, store_put_begin(), store_put_commit(), store_fact_set()...
 *
 * Who takes something derived from elsewhere (a remote cache) first finds by other means, a
 * signature for instance, that it may be believed, and then sets the fact. A fact may be older than
 * the newest one that was set, if somebody has put an old copy of the store back; so it may say
 * what follows from its key for ever, while what holds for a time (suite.h) is checked again by its
 * use.
 *
 * What is in the store can be read by all whatever the umask, since it holds what the archive gives
 * everybody, and the sandbox maps other ids. The exceptions are logs and the lab's images, which
 * obey the umask, and trees, which only their builder may enter. So does the store's own directory:
 * with a umask of 077 nobody else comes into a store that was made under it.
 *
 * Any number of builders can use a store at once: everything appears by rename, and nothing is
 * changed in place. A blob whose content does not have the digest of its name is removed with a
 * warning, and is absent from then on.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "base/text.h"

struct store;

/* Opens the store, and makes it if it does not exist. path NULL: $NETRESCUE_STORE, else
 * $XDG_CACHE_HOME/netrescue, else ~/.cache/netrescue. Links are followed on the way to the store,
 * which the user names, but never in it. Whatever is another user's but root's is refused, in any
 * directory of it and when a file is read: whoever owns it can change what comes out. */
int store_open(const char *path, struct store **ret, struct err *err);
void store_free(struct store *s);
DEFINE_CLEANUP_PTR(store)
const char *store_path(const struct store *s);

/* Removes the partial files of processes that were killed: their locks died with them. store_open()
 * does it; whoever kills a child that writes to the store does it again. */
void store_sweep(struct store *s);

/* Opens a directory of the store to read, by a walk that follows no link. -ENOENT without a message
 * if it is absent; another user's is refused. */
int store_open_dir(const struct store *s, const char *path, int *ret_fd, struct err *err);

/* Makes STORE/log/NAME to write; it replaces the last one of that name. */
int store_log(struct store *s, const char *name, int *ret_fd, struct err *err);

/* Opens the blob for reading after checking its digest: *ret_fd is -1 with return 0 if it is
 * absent. Renews its time stamp, because store_gc() spares what is young. */
int store_get(struct store *s, const char *sha256, int *ret_fd, struct err *err);
/* Whether there is a blob of that name; its content is not checked. Renews it as well. */
bool store_has(struct store *s, const char *sha256);

/* The path of a blob, for programs that take one; the caller frees it. Check the blob by
 * store_get() first. */
char *store_blob_path(const struct store *s, const char *sha256);

/* A blob being written: write to .fd, then call store_put_commit(). known: the digest of the
 * content, from a caller that hashed while it wrote; NULL: the file is hashed now. Without a
 * commit, store_put_release() removes the file. Blobs are 0644 and not synced, because a read
 * checks them anyway.
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

/* A fact is one line, with its newline at most STORE_FACT_MAX bytes. *ret is NULL with return 0 if
 * there is no such fact, or none with a tag of the owner's. kind and key: [A-Za-z0-9._:@+-]+, not
 * beginning with a dot, at most 200 bytes; others are an error. Only the main process calls these:
 * workers, which read what strangers have made, need no key. */
#define STORE_FACTS "known" /* the directory in the store */
#define STORE_FACT_MAX ((size_t)64 * 1024)
#define STORE_FACT_FILE_MAX (STORE_FACT_MAX + DIGEST_HEX) /* bytes of its file: with the tag */
int store_fact_get(struct store *s, const char *kind, const char *key, char **ret, struct err *err);
int store_fact_set(struct store *s, const char *kind, const char *key, const char *value,
		   struct err *err);
