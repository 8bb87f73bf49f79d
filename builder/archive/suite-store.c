/* SPDX-License-Identifier: MIT */
/* What the store remembers of suites: see suite.h. */
#include <string.h>

#include "archive/fetch.h"
#include "archive/suite-release.h"
#include "archive/url.h"
#include "base/io.h"
#include "base/memory.h"

/* *ret stays empty if the store does not have it. */
static int read_signed_text(struct store *s, const struct suite *suite, struct text *ret,
			    struct err *err)
{
	cleanup_free char *digest = NULL;
	cleanup_fd int fd = -1;
	int r = store_fact_get(s, SUITE_FACT_INDEX, suite->key, &digest, err);

	if (r < 0)
		return r;
	r = digest ? store_get(s, digest, &fd, err) : 0;
	if (r < 0 || fd < 0)
		return r;
	cleanup_free char *data = xmalloc(INRELEASE_MAX);
	ssize_t n = read_all(fd, data, INRELEASE_MAX);
	if (n <= 0)
		return err_set(err, ERR_BUILD,
			       "cannot read the Release of suite '%s' from the store '%s'",
			       suite->name, store_path(s));
	text_append(ret, data, (size_t)n);
	return 0;
}

static int recall(struct store *s, struct suite *suite, struct err *err)
{
	CLEANUP(text_release) struct text signed_text = { 0 };
	cleanup_free char *name = NULL;
	int r = read_signed_text(s, suite, &signed_text, err);

	if (r < 0)
		return r;
	if (signed_text.length == 0) {
		(void)err_set(err, ERR_NETWORK,
			      "the store '%s' has no index of suite '%s' that you have kept",
			      store_path(s), suite->name);
		return err_hint(err,
				"run once without --offline, or build from a lock (--lock FILE), "
				"which needs no index. Of what others have kept there only what "
				"'netrescue store import' reads counts, or what was kept with the "
				"key that NETRESCUE_STORE_KEY names");
	}
	suite->detached = !starts_with(signed_text.data, "-----");
	name = xasprintf("the stored %s of '%s'", suite->detached ? "Release" : "InRelease",
			 suite->name);
	r = suite_accept(s, suite, name, &signed_text, err);
	if (r < 0)
		return r;
	r = store_fact_get(s, SUITE_FACT_SOURCE, suite->key, &suite->url, err);
	if (r < 0)
		return r;
	if (!suite->url)
		suite->url = xstrdup("");
	return 0;
}

int suites_recall(struct store *s, struct suite *suite, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		int r = recall(s, &suite[i], err);

		if (r < 0)
			return err_wrap(err, "offline");
	}
	return 0;
}

static int keep_release(struct store *s, const struct suite *suite, struct err *err)
{
	CLEANUP(store_put_release) struct store_put put = STORE_PUT_INIT;
	int r = store_put_begin(s, &put, err);

	if (r < 0)
		return r;
	r = write_all(put.fd, suite->text.data, suite->text.length);
	if (r < 0)
		return err_errno(err, ERR_BUILD, -r, "cannot write to the store '%s'",
				 store_path(s));
	return store_put_commit(&put, suite->sha256, NULL, err);
}

static int remember(struct store *s, const struct suite *suite, struct err *err)
{
	cleanup_free char *date = NULL;
	cleanup_free char *url = url_public(suite->url);
	int64_t seen = 0;
	int r;

	/* Another builder may have seen a newer one in the meantime. */
	r = suite_last_seen(s, suite, &seen, err);
	if (r < 0 || seen > suite->release.date_seconds)
		return r;
	date = xasprintf("%lld", (long long)suite->release.date_seconds);
	r = keep_release(s, suite, err);
	if (r < 0)
		return r;
	r = store_fact_set(s, SUITE_FACT_INDEX, suite->key, suite->sha256, err);
	if (r < 0)
		return r;
	r = store_fact_set(s, SUITE_FACT_SOURCE, suite->key, url, err);
	if (r < 0)
		return r;
	return store_fact_set(s, SUITE_FACT_DATE, suite->key, date, err);
}

int suites_remember(struct store *s, const struct suite *suite, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		int r = remember(s, &suite[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}
