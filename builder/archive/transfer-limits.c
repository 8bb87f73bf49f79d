/* SPDX-License-Identifier: MIT */
/* How slow a server may be: see fetch.h. */
#include <errno.h>
#include <limits.h>

#include "archive/transfer.h"

#define CONNECT_TIMEOUT 15L /* seconds */
#define STALL_DEFAULT 20
/* Bytes a second, see fetch.h: a transfer slower than this counts as stalled, */
#define SLOWEST 1000
#define SLOWEST_IN_PERIOD 20000L /* unless it gets so much in the time that it is given */
#define SLOWEST_ON_AVERAGE 4	 /* times as much */
#define SIZE_UNKNOWN ((uint64_t)1 << 20)

const char *transfer_asked(const struct transfer *t)
{
	return t->location ? t->location : t->item->url.item[t->url];
}

/* Seconds. */
static long stall_of(const struct transfer *t)
{
	const struct network *network = t->options->network;

	if (t->options->stall)
		return t->options->stall;
	return network && network->timeout ? network->timeout : STALL_DEFAULT;
}

/* Bytes a second. */
static long slowest_of(const struct transfer *t)
{
	long slowest = SLOWEST_IN_PERIOD / stall_of(t);

	return slowest > SLOWEST ? SLOWEST : slowest > 0 ? slowest : 1;
}

long transfer_patience(const struct transfer *t)
{
	const struct fetch_item *item = t->item;
	uint64_t rate = (uint64_t)slowest_of(t) * SLOWEST_ON_AVERAGE;
	uint64_t size = item->range ? item->range : item->size ? item->size : SIZE_UNKNOWN;
	uint64_t seconds = (uint64_t)stall_of(t) + size / rate;

	return seconds < LONG_MAX / 1000 ? (long)seconds * 1000 : LONG_MAX;
}

int transfer_set_limits(struct transfer *t)
{
	const struct network *network = t->options->network;
	long connect = network && network->timeout ? network->timeout : CONNECT_TIMEOUT;
	CURLcode c = curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT, connect);

	if (c == CURLE_OK)
		c = curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_LIMIT, slowest_of(t));
	if (c == CURLE_OK)
		c = curl_easy_setopt(t->easy, CURLOPT_LOW_SPEED_TIME, stall_of(t));
	if (c == CURLE_OK)
		c = curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, transfer_patience(t));
	return c == CURLE_OK ? 0 : -EINVAL;
}
