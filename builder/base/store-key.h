/* SPDX-License-Identifier: MIT */
/*
 * The key of a store's owner: what the store remembers (its facts, store.h) is believed only with a
 * tag that was made by this key. It lies outside the store, so whoever can only fill a store (a
 * cache of a CI service, a copy, another user) cannot make such a tag.
 *
 * The key is a text file: 64 lower-case hex digits, 32 random bytes, on one line. It is
 *
 *	$NETRESCUE_STORE_KEY                        a file that has to be there, kept as one likes
 *	$XDG_STATE_HOME/netrescue/store-key         else, if that is set to an absolute path
 *	~/.local/state/netrescue/store-key          else
 *
 * The latter two are made, for the user alone (0600), when the first fact is written. Where that
 * cannot be (no home, one that cannot be written, somebody else's file, one that others can read),
 * the process takes a key that dies with it and says so. A key that is lost, or is another one,
 * costs time only: what was tagged by it is derived again.
 *
 * A tag says that a holder of the key has written this at some time. It does not say that nothing
 * newer was written since: whoever has an old copy of a store can put that back.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/digest.h"
#include "base/err.h"

#define STORE_KEY_VARIABLE "NETRESCUE_STORE_KEY"
#define STORE_KEY_SIZE 32 /* bytes */

struct store_key {
	bool is_known;
	unsigned char bytes[STORE_KEY_SIZE];
};

/* Finds the key for the store at that path. If there is none, it is made when `make` says so;
 * otherwise, ret->is_known is false. ERR_USAGE for a $NETRESCUE_STORE_KEY that cannot be used: it
 * is not there, not a key, or in the store itself. */
int store_key_find(const char *store, bool make, struct store_key *ret, struct err *err);

/* The tag of a fact: HMAC-SHA-256 (RFC 2104) over all that identifies it and all that it says. None
 * of the three has a newline. */
void store_key_tag(const struct store_key *key, const char *kind, const char *name,
		   const char *value, char ret_tag[DIGEST_HEX]);
