/* SPDX-License-Identifier: MIT */
#include "archive/fetch.h"

#include <errno.h>
#include <string.h>

#include "archive/transfer.h"
#include "archive/url.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"

#define CONNECTIONS_DEFAULT 8
#define ATTEMPTS 3
#define PAUSE_DEFAULT 500
#define TICK 500 /* milliseconds: how late a progress bar may be */

struct fetch {
	const struct fetch_options *options;
	CURLM *multi;
	struct transfer *transfer;
	size_t count;
	size_t running;
	size_t open;	  /* waiting or running */
	struct strv dead; /* hosts that did not answer, or not in time */
};

static void fetch_release(struct fetch *f)
{
	for (size_t i = 0; i < f->count; i++) {
		if (f->transfer[i].easy)
			(void)curl_multi_remove_handle(f->multi, f->transfer[i].easy);
		transfer_release(&f->transfer[i]);
	}
	free(f->transfer);
	if (f->multi)
		(void)curl_multi_cleanup(f->multi);
	strv_release(&f->dead);
}

static size_t connections(const struct fetch *f)
{
	return f->options->connections ? f->options->connections : CONNECTIONS_DEFAULT;
}

static int fetch_init(struct fetch *f, struct store *s, struct fetch_item *item, size_t count,
		      struct err *err)
{
	static bool initialised;
	int r;

	if (!initialised && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, ERR_BUILD, "libcurl cannot be initialised");
	initialised = true;
	f->multi = curl_multi_init();
	if (!f->multi || curl_multi_setopt(f->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
					   (long)connections(f)) != CURLM_OK)
		return err_set(err, ERR_BUILD, "libcurl cannot be initialised");
	f->transfer = xcalloc(count ? count : 1, sizeof(*f->transfer));
	for (size_t i = 0; i < count; i++) {
		r = interrupt_check(err);
		if (r < 0)
			return r;
		r = transfer_init(&f->transfer[i], s, &item[i], f->options, err);
		if (r < 0)
			return r;
		f->count++;
		f->open += f->transfer[i].state == TRANSFER_WAITING;
	}
	return 0;
}

/* Moves on to the next URL whose host is not known to be dead; false if there is none. */
static bool next_url(const struct fetch *f, struct transfer *t)
{
	t->attempt = 0;
	for (size_t i = t->url + 1; i < t->item->url.count; i++) {
		cleanup_free char *host = url_origin(t->item->url.item[i]);

		if (strv_has(&f->dead, host))
			continue;
		t->url = i;
		return true;
	}
	return false;
}

/* Finds a URL to ask; false if there is none, and then the item's error says why. */
static bool choose_url(const struct fetch *f, struct transfer *t)
{
	if (t->item->url.count == 0) {
		(void)err_set(&t->item->err, ERR_NETWORK, "%s is not in the store%s",
			      t->item->sha256, t->item->damaged ? " any more: it was damaged" : "");
		return false;
	}
	cleanup_free char *host = url_origin(t->item->url.item[t->url]);

	if (!strv_has(&f->dead, host) || next_url(f, t))
		return true;
	(void)err_set(&t->item->err, ERR_NETWORK, "%s does not answer in time", host);
	(void)err_hint(&t->item->err, "check the network and the proxy, or give another mirror "
				      "(--mirror URL)");
	return false;
}

static int give_up(struct fetch *f, struct transfer *t, struct err *err)
{
	t->state = TRANSFER_FAILED;
	f->open--;
	if (t->item->url.count > 1)
		(void)err_wrap(&t->item->err, "none of %zu URLs worked, the first failure was",
			       t->item->url.count);
	if (f->options->keep_going)
		return 0;
	return err_move(err, &t->item->err);
}

static int start(struct fetch *f, struct err *err)
{
	int64_t now = clock_milliseconds();
	int r;

	for (size_t i = 0; i < f->count && f->running < connections(f); i++) {
		struct transfer *t = &f->transfer[i];

		if (t->state != TRANSFER_WAITING || t->not_before > now)
			continue;
		if (!choose_url(f, t)) {
			r = give_up(f, t, err);
			if (r < 0)
				return r;
			continue;
		}
		r = transfer_start(t, err);
		if (r < 0)
			return r;
		if (curl_multi_add_handle(f->multi, t->easy) != CURLM_OK)
			return err_set(err, ERR_BUILD, "libcurl takes no more downloads");
		f->running++;
	}
	return 0;
}

static int64_t pause_after(const struct fetch *f, unsigned attempt)
{
	int64_t pause = f->options->pause ? f->options->pause : PAUSE_DEFAULT;

	return attempt == 0 ? pause : pause * 4;
}

static int conclude(struct fetch *f, struct transfer *t, CURLcode code, struct err *err)
{
	enum transfer_outcome outcome = transfer_finish(t, code, err);

	f->running--;
	if (outcome == OUTCOME_FATAL)
		return err_value(err);
	if (outcome == OUTCOME_DONE) {
		t->state = TRANSFER_DONE;
		f->open--;
		return 0;
	}
	t->state = TRANSFER_WAITING;
	if (outcome == OUTCOME_REDIRECT)
		return 0;
	log_debug("%s", t->item->err.message);
	if (outcome != OUTCOME_OTHER && outcome != OUTCOME_SLOW && t->attempt + 1 < ATTEMPTS) {
		t->not_before = clock_milliseconds() + pause_after(f, t->attempt++);
		return 0;
	}
	if (outcome == OUTCOME_UNREACHABLE || outcome == OUTCOME_SLOW) {
		cleanup_free char *host = url_origin(t->item->url.item[t->url]);

		if (!strv_has(&f->dead, host))
			strv_add(&f->dead, host);
	}
	if (next_url(f, t))
		return 0;
	return give_up(f, t, err);
}

static int collect(struct fetch *f, struct err *err)
{
	CURLMsg *message;
	int left, r;

	while ((message = curl_multi_info_read(f->multi, &left))) {
		CURL *easy = message->easy_handle;
		CURLcode code = message->data.result;
		struct transfer *t = NULL;

		if (message->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &t);
		(void)curl_multi_remove_handle(f->multi, easy);
		r = conclude(f, t, code, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static void show(const struct fetch *f)
{
	uint64_t done = 0;

	if (!f->options->show_progress)
		return;
	for (size_t i = 0; i < f->count; i++)
		done += transfer_progress(&f->transfer[i]);
	progress_update(done);
}

/* Sleeps until something arrives, a pause is over or a signal comes. */
static int wait_for_events(const struct fetch *f, struct err *err)
{
	struct curl_waitfd signal = { .fd = interrupt_fd(), .events = CURL_WAIT_POLLIN };
	int64_t now = clock_milliseconds(), most = TICK;

	for (size_t i = 0; i < f->count && most > 0; i++) {
		const struct transfer *t = &f->transfer[i];

		if (t->state != TRANSFER_WAITING)
			continue;
		if (t->not_before > now && t->not_before - now < most)
			most = t->not_before - now;
		if (t->not_before <= now && f->running < connections(f))
			most = 0;
	}
	if (curl_multi_poll(f->multi, &signal, signal.fd >= 0 ? 1 : 0, (int)most, NULL) != CURLM_OK)
		return err_set(err, ERR_BUILD, "libcurl cannot wait for the network");
	return 0;
}

int fetch_all(struct store *s, struct fetch_item *item, size_t count,
	      const struct fetch_options *options, struct err *err)
{
	CLEANUP(fetch_release) struct fetch f = { .options = options };
	int left, r;

	r = fetch_init(&f, s, item, count, err);
	if (r < 0)
		return r;
	while (f.open > 0) {
		r = interrupt_check(err);
		if (r < 0)
			return r;
		r = start(&f, err);
		if (r < 0)
			return r;
		if (curl_multi_perform(f.multi, &left) != CURLM_OK)
			return err_set(err, ERR_BUILD, "libcurl failed");
		r = collect(&f, err);
		if (r < 0)
			return r;
		show(&f);
		r = f.open > 0 ? wait_for_events(&f, err) : 0;
		if (r < 0)
			return r;
	}
	show(&f);
	return 0;
}

void fetch_item_release(struct fetch_item *item)
{
	strv_release(&item->url);
	text_release(&item->head);
	free(item->from);
	err_release(&item->err);
	*item = (struct fetch_item){ 0 };
}
