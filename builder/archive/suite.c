/* SPDX-License-Identifier: MIT */
#include "archive/suite.h"

#include <errno.h>
#include <string.h>

#include "archive/fetch.h"
#include "archive/trust.h"
#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"

char *suite_key(const char *repository, const char *name)
{
	cleanup_free char *both = NULL;
	size_t length = strlen(repository);
	char digest[DIGEST_HEX];

	if (!*repository || streq(repository, "security"))
		return xasprintf("Debian:%s", name);
	while (length > 0 && repository[length - 1] == '/')
		length--;
	both = xasprintf("%.*s %s", (int)length, repository, name);
	digest_bytes(both, strlen(both), digest);
	return xasprintf("repository:%s", digest);
}

static int last_seen(struct store *s, const struct suite *suite, int64_t *ret, struct err *err)
{
	cleanup_free char *value = NULL;
	uint64_t seconds = 0;
	int r = store_fact_get(s, SUITE_FACT_DATE, suite->key, &value, err);

	if (r < 0)
		return r;
	if (value && parse_u64(value, &seconds) < 0)
		log_warning("what the store remembers of suite '%s' is damaged and was ignored",
			    suite->name);
	*ret = (int64_t)seconds;
	return 0;
}

static int check_origin(const struct suite *suite, const struct release *release, const char *name,
			struct err *err)
{
	if (!suite->label ||
	    (streq(release->origin, "Debian") && streq(release->label, suite->label)))
		return 0;
	(void)err_set(err, ERR_TRUST,
		      "%s is not Debian's: its Origin is '%s' and its Label '%s', not 'Debian' and "
		      "'%s'",
		      name, release->origin, release->label, suite->label);
	return err_hint(err, "give a mirror of Debian with --mirror URL; other archives belong "
			     "into the recipe's `apt-repositories`");
}

/* Debian's suites must be what they are called, or a mirror could serve another one, as validly
 * signed, in its place. Third parties name theirs as they like, some not at all; apt warns as
 * well. */
static int check_name(const struct suite *suite, const struct release *release, const char *name,
		      struct err *err)
{
	CLEANUP(err_release) struct err differs = { 0 };

	if (suite->label)
		return release_check_suite(release, name, suite->name, err);
	if (!*release->suite && !*release->codename)
		return 0;
	if (release_check_suite(release, name, suite->name, &differs) < 0)
		log_warning("%s", differs.message);
	return 0;
}

/* Verifies an InRelease and makes it the suite's; `name` is its URL, for messages. */
static int accept_release(struct store *s, struct suite *suite, const char *name,
			  const struct text *signed_text, int64_t now, struct err *err)
{
	CLEANUP(release_release) struct release release = { 0 };
	CLEANUP(text_release) struct text content = { 0 };
	cleanup_free char *fingerprint = NULL;
	int64_t seen = 0;
	int r;

	r = trust_verify(suite->keyring, suite->keyring_digest, name, signed_text->data,
			 signed_text->length, &content, &fingerprint, err);
	if (r < 0)
		return r;
	r = release_parse(name, content.data, content.length, &release, err);
	if (r < 0)
		return r;
	r = check_origin(suite, &release, name, err);
	if (r < 0)
		return r;
	r = check_name(suite, &release, name, err);
	if (r < 0)
		return r;
	r = last_seen(s, suite, &seen, err);
	if (r < 0)
		return r;
	r = release_check_fresh(&release, name, now, seen, err);
	if (r < 0)
		return r;
	suite->release = TAKE(release);
	suite->fingerprint = take_ptr(fingerprint);
	suite->found = true;
	return 0;
}

/* The first failure is reported, but a broken signature outranks a mirror that does not answer. */
static void remember_failure(struct suite *suite, struct err *err)
{
	if (suite->next < suite->mirrors->count)
		log_warning("%s; trying the next mirror", err->message);
	if (suite->err.class == ERR_NONE ||
	    (suite->err.class == ERR_NETWORK && err->class == ERR_TRUST)) {
		err_release(&suite->err);
		(void)err_move(&suite->err, err);
	}
}

/* Looks at what one mirror answered. Fails only where the next mirror would not help. */
static int consider(struct store *s, struct suite *suite, struct fetch_item *item, int64_t now,
		    struct err *err)
{
	CLEANUP(err_release) struct err own = { 0 };
	const char *base = suite->mirrors->item[suite->next++];
	cleanup_free char *name = fetch_url_text(item->url.item[0]);

	if (item->err.class != ERR_NONE)
		(void)err_move(&own, &item->err);
	else
		(void)accept_release(s, suite, name, &item->head, now, &own);
	if (own.class == ERR_TRUST || own.class == ERR_NETWORK) {
		remember_failure(suite, &own);
		return 0;
	}
	if (own.class != ERR_NONE)
		return err_move(err, &own);
	suite->url = xstrdup(base);
	suite->text = TAKE(item->head);
	digest_bytes(suite->text.data, suite->text.length, suite->sha256);
	return 0;
}

static void release_items(struct fetch_item **item)
{
	for (size_t i = 0; *item && (*item)[i].url.count > 0; i++)
		fetch_item_release(&(*item)[i]);
	free(*item);
}

/* Asks the next mirror of every suite that was not found yet, all at once. */
static int ask(struct store *s, struct suite *suite, size_t count, const char *proxy, int64_t now,
	       size_t *ret_asked, struct err *err)
{
	const struct fetch_options options = { .proxy = proxy, .keep_going = true };
	CLEANUP(release_items) struct fetch_item *item = xcalloc(count + 1, sizeof(*item));
	size_t asked = 0, answer = 0;
	int r;

	for (size_t i = 0; i < count; i++) {
		if (suite[i].found || suite[i].next == suite[i].mirrors->count)
			continue;
		strv_addf(&item[asked].url, "%s/dists/%s/InRelease",
			  suite[i].mirrors->item[suite[i].next], suite[i].name);
		item[asked].third_party = !suite[i].label;
		item[asked++].limit = INRELEASE_MAX;
	}
	*ret_asked = asked;
	r = fetch_all(s, item, asked, &options, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		if (suite[i].found || suite[i].next == suite[i].mirrors->count)
			continue;
		r = consider(s, &suite[i], &item[answer++], now, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int suites_fetch(struct store *s, struct suite *suite, size_t count, const char *proxy, int64_t now,
		 struct err *err)
{
	size_t asked = 1;

	while (asked > 0) {
		int r = ask(s, suite, count, proxy, now, &asked, err);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < count; i++) {
		if (suite[i].found)
			continue;
		if (suite[i].err.class == ERR_NONE)
			(void)err_set(&suite[i].err, ERR_USAGE, "no mirror is known");
		(void)err_move(err, &suite[i].err);
		return err_wrap(err, "suite '%s'", suite[i].name);
	}
	return 0;
}

static int recall(struct store *s, struct suite *suite, int64_t now, struct err *err)
{
	CLEANUP(text_release) struct text signed_text = { 0 };
	cleanup_free char *digest = NULL;
	cleanup_free char *name = NULL;
	cleanup_fd int fd = -1;
	int r;

	r = store_fact_get(s, SUITE_FACT_INDEX, suite->key, &digest, err);
	if (r < 0)
		return r;
	r = digest ? store_get(s, digest, &fd, err) : 0;
	if (r < 0)
		return r;
	if (fd < 0) {
		(void)err_set(err, ERR_NETWORK, "the store '%s' has no index of suite '%s'",
			      store_path(s), suite->name);
		return err_hint(err, "run once without --offline");
	}
	cleanup_free char *data = xmalloc(INRELEASE_MAX);
	ssize_t n = read_all(fd, data, INRELEASE_MAX);
	if (n <= 0)
		return err_set(err, ERR_BUILD,
			       "cannot read the InRelease of suite '%s' from the store '%s'",
			       suite->name, store_path(s));
	text_append(&signed_text, data, (size_t)n);
	name = xasprintf("the stored InRelease of '%s'", suite->name);
	r = accept_release(s, suite, name, &signed_text, now, err);
	if (r < 0)
		return r;
	memcpy(suite->sha256, digest, DIGEST_HEX);
	r = store_fact_get(s, SUITE_FACT_SOURCE, suite->key, &suite->url, err);
	if (r < 0)
		return r;
	if (!suite->url)
		suite->url = xstrdup("");
	return 0;
}

int suites_recall(struct store *s, struct suite *suite, size_t count, int64_t now, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		int r = recall(s, &suite[i], now, err);

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
	cleanup_free char *url = fetch_url_text(suite->url);
	int64_t seen = 0;
	int r;

	/* Another builder may have seen a newer one in the meantime. */
	r = last_seen(s, suite, &seen, err);
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

void suite_release(struct suite *suite)
{
	free(suite->name);
	free(suite->repository);
	free(suite->key);
	free(suite->url);
	free(suite->fingerprint);
	text_release(&suite->text);
	release_release(&suite->release);
	err_release(&suite->err);
	*suite = (struct suite){ 0 };
}
