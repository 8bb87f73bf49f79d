/* SPDX-License-Identifier: MIT */
/*
 * Parallel downloads into the store, by libcurl's multi interface. Every byte is hashed as it
 * arrives; a file gets its name in the store only if its size and SHA-256 are the expected ones. If
 * a URL fails (404, time-out, wrong hash), the next one of the list is tried. When all have failed,
 * the error names one of them: it is ERR_TRUST if any gave wrong bytes, else ERR_NETWORK. A URL
 * whose failure may pass (no connection, 5xx, an early end) is tried three times. Only http, https
 * and file URLs are fetched, and only redirects to http and https are followed, from https to https
 * only; the server that one leads to gets the password that .network has for it, never that of the
 * one before, nor one that the redirect brings. $http_proxy
 * and the like hold unless .network has a proxy; this machine itself (localhost) is asked without
 * one.
 *
 * A transfer ends for the server's slowness when it gets less than 1,000 bytes a second over a
 * whole period (`stall`, or the network's timeout, or 20 seconds), or when the whole of it takes
 * longer than a period and what its size takes at 4,000 bytes a second. With a period above 20
 * seconds it may be slower in proportion: in 120 seconds 20,000 bytes have to come, and 80,000 on
 * average. A server that says more than 256 KB beside the file, in headers, trailers or redirects,
 * is not listened to further.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "archive/network.h"
#include "base/store.h"
#include "base/err.h"
#include "base/text.h"

struct fetch_item {
	struct strv url;	 /* alternatives, best first; if empty, only the store is asked */
	char sha256[DIGEST_HEX]; /* "": not known (of an InRelease) */
	uint64_t size;		 /* 0: not known; then `limit` holds */
	uint64_t limit;		 /* bytes: more is an error if `size` is not known */
	bool third_party;	 /* of an apt-repository of the recipe: for the hints */
	const char *absent_hint; /* borrowed; if no server has it; NULL: the usual */
	uint64_t range;		 /* only the first `range` bytes are wanted (0: all), into .head */
	struct text head;	 /* out: content, if sha256 is "" or range is set */
	char *from;		 /* out: the URL that answered, without user and password */
	bool absent;		 /* out: the last URL asked says that it has no such file */
	bool damaged;		 /* out: the store had a blob of that name with other bytes */
	struct err err;		 /* out, with keep_going: why it failed; ERR_NONE if it did not */
};

struct fetch_options {
	const struct network *network; /* how servers are reached; NULL: as $http_proxy says */
	unsigned connections;	       /* 0: 8 */
	bool show_progress;	       /* call progress_update() with the bytes that arrived */
	bool keep_going;	       /* if an item fails, go on with the others: see its .err */
	unsigned stall;		       /* seconds, the period above; 0: .network's timeout */
	unsigned pause; /* milliseconds before the second attempt, the third waits four times as
				 long; 0: 500 */
};

/* Fetches all items. A blob that is in the store already is not fetched. */
int fetch_all(struct store *s, struct fetch_item *item, size_t count,
	      const struct fetch_options *options, struct err *err);
void fetch_item_release(struct fetch_item *item);
