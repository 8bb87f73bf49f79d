/* SPDX-License-Identifier: MIT */
/*
 * Parallel download into the store (libcurl multi). Every byte is hashed as it arrives; a file gets
 * its name in the store only if size and SHA-256 are the expected ones. A mirror that fails (404,
 * time-out, wrong hash) is followed by the next one of the list; when all have failed the error
 * names the URL and class: ERR_NETWORK for transport, ERR_TRUST if any mirror gave wrong bytes.
 * Passing failures (no connection, 5xx, an early end) are tried three times. http, https and file
 * URLs only, redirects to http and https only. $http_proxy and its kin hold unless .proxy is set;
 * the machine itself is asked directly.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/store.h"
#include "base/err.h"
#include "base/text.h"

struct fetch_item {
	struct strv url;	 /* alternatives, best first; none: only the store is asked */
	char sha256[DIGEST_HEX]; /* "" : not known yet (InRelease only) */
	uint64_t size;		 /* 0: not known; then `limit` holds */
	uint64_t limit;
	uint64_t range;	  /* only the first `range` bytes are wanted (0: all), into .head */
	struct text head; /* out: content, if sha256 is "" or range is set */
	char *from;	  /* out: the URL that answered */
	bool damaged;	  /* out: the store had it under its name, with other bytes */
	struct err err;	  /* out, with keep_going: why it failed; ERR_NONE: it did not */
};

struct fetch_options {
	const char *proxy;
	unsigned connections; /* 0: 8 */
	bool show_progress;   /* progress_update() in bytes of the running stage */
	bool keep_going;      /* an item that fails is no error of the call: see its .err */
	unsigned stall;	      /* seconds without data until a transfer counts as failed; 0: 20 */
	unsigned pause; /* milliseconds before the second attempt, the third waits four times as
				 long; 0: 500 */
};

/* Blobs already in the store are not fetched. */
int fetch_all(struct store *s, struct fetch_item *item, size_t count,
	      const struct fetch_options *options, struct err *err);
void fetch_item_release(struct fetch_item *item);
/* The URL without user and password, for messages and records; the caller frees it. */
char *fetch_url_text(const char *url);
