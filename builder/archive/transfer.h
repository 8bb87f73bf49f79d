/* SPDX-License-Identifier: MIT */
/*
 * One download of fetch.c: an item of the list, the URL that is being tried, and what has arrived.
 * The interface for others is fetch_all().
 */
#pragma once

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "archive/fetch.h"

enum transfer_state { TRANSFER_WAITING, TRANSFER_RUNNING, TRANSFER_DONE, TRANSFER_FAILED };

struct transfer {
	struct store *store; /* borrowed, as the next two */
	struct fetch_item *item;
	const struct fetch_options *options;
	enum transfer_state state;
	CURL *easy;	    /* while running */
	size_t url;	    /* index into item->url */
	char *location;	    /* where that URL has led to; NULL: it has not */
	unsigned redirects; /* on the way to there */
	size_t besides;	    /* bytes of headers and trailers, and of what a redirect says besides */
	unsigned attempt;   /* at that URL, from 0 */
	int64_t not_before; /* milliseconds of the monotonic clock */
	struct store_put put;
	struct digest *digest;
	struct text head;
	uint64_t received;
	int errnum; /* of a failed write to the store */
	bool too_long;
	bool enough; /* all of `range` has arrived */
	char *fault; /* what is wrong with the server's answer, for messages; NULL: nothing */
	char message[CURL_ERROR_SIZE];
};

enum transfer_outcome {
	OUTCOME_DONE,
	OUTCOME_REDIRECT, /* start it once more */
	OUTCOME_AGAIN,	  /* a passing failure: the same URL may work later; why is in item->err */
	OUTCOME_UNREACHABLE, /* as OUTCOME_AGAIN, and it was the host that did not answer */
	OUTCOME_SLOW,	     /* as OUTCOME_UNREACHABLE, and it is in vain to try once more */
	OUTCOME_OTHER,	     /* try the next URL; why is in item->err */
	OUTCOME_FATAL,	     /* no URL will help; why is in *err */
};

/* Takes the blob from the store if it is there; the state is TRANSFER_DONE then. */
int transfer_init(struct transfer *t, struct store *s, struct fetch_item *item,
		  const struct fetch_options *options, struct err *err);
/* Makes t->easy for the URL at t->url; the caller adds it to its multi handle. */
int transfer_start(struct transfer *t, struct err *err);
/* Checks and keeps what has arrived, after the caller removed t->easy from the multi handle. */
enum transfer_outcome transfer_finish(struct transfer *t, CURLcode code, struct err *err);
/* transfer-failure.c: judges a transfer that has failed, and says why in the item's error. status:
 * HTTP's, or 0. */
enum transfer_outcome transfer_failed(struct transfer *t, CURLcode code, long status);
/* The item's error, for one of that class: the first failure is reported, but wrong bytes outrank a
 * mirror that does not answer. */
struct err *transfer_error(struct fetch_item *item, enum err_class class);
/* Bytes for the progress bar. */
uint64_t transfer_progress(const struct transfer *t);
void transfer_release(struct transfer *t);

/* ---- transfer-limits.c ---------------------------------------------------------------------- */

/* The URL that was asked: the item's, or where that has led to. */
const char *transfer_asked(const struct transfer *t);
/* How long the transfer may take in all, in milliseconds: see fetch.h. */
long transfer_patience(const struct transfer *t);
/* Sets these limits on t->easy; -EINVAL if libcurl does not take them. */
int transfer_set_limits(struct transfer *t);
