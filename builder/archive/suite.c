/* SPDX-License-Identifier: MIT */
#include "archive/suite.h"

#include <string.h>

#include "archive/archived-suite.h"
#include "archive/fetch.h"
#include "archive/suite-release.h"
#include "archive/url.h"
#include "base/log.h"
#include "recipe/format.h"
#include "base/memory.h"

char *suite_key(const char *repository, const char *name, const char *snapshot)
{
	cleanup_free char *both = NULL;
	size_t length = strlen(repository);
	char digest[DIGEST_HEX];

	if (!*repository || streq(repository, "security"))
		return xasprintf("Debian:%s%s%s", name, snapshot ? "@" : "",
				 snapshot ? snapshot : "");
	while (length > 0 && repository[length - 1] == '/')
		length--;
	both = xasprintf("%.*s %s", (int)length, repository, name);
	digest_bytes(both, strlen(both), digest);
	return xasprintf("repository:%s", digest);
}

char *suite_url(const struct suite *suite, const char *base, const char *path)
{
	return xasprintf("%s/%s%s%s", base, suite->directory, *suite->directory ? "/" : "", path);
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

/* Takes what one mirror answered: InRelease, or Release and Release.gpg. `name` is the URL of the
 * first of them. */
static int take_answer(struct store *s, struct suite *suite, struct fetch_item *item,
		       const char *name, struct err *err)
{
	CLEANUP(text_release) struct text signed_text = { 0 };
	int r = 0;

	if (suite->detached && item[0].absent)
		return err_move(err, &suite->inrelease);
	if (item[0].err.class != ERR_NONE)
		return err_move(err, &item[0].err);
	if (suite->detached && item[1].absent) {
		(void)err_set(err, ERR_TRUST,
			      "'%s' is not signed: there is neither InRelease nor "
			      "Release.gpg beside it",
			      name);
		return err_hint(err, "only signed archives can be used; single packages of this "
				     "one can be given as files, by `debs:` in the recipe");
	}
	if (suite->detached && item[1].err.class != ERR_NONE)
		return err_move(err, &item[1].err);
	if (suite->detached)
		r = suite_join(name, &item[0].head, &item[1].head, &signed_text, err);
	else
		signed_text = TAKE(item[0].head);
	if (r < 0)
		return r;
	r = suite_accept(s, suite, name, &signed_text, err);
	if (r < 0)
		return r;
	suite->text = TAKE(signed_text);
	return 0;
}

/* Looks at what one mirror answered. Fails only where the next mirror would not help. */
static int consider(struct store *s, struct suite *suite, struct fetch_item *item, struct err *err)
{
	CLEANUP(err_release) struct err own = { 0 };
	const char *base = suite->mirrors->item[suite->next];
	cleanup_free char *name = url_public(item->url.item[0]);

	if (!suite->detached && item->absent) {
		suite->detached = true;
		(void)err_move(&suite->inrelease, &item->err);
		return 0;
	}
	suite->next++;
	(void)take_answer(s, suite, item, name, &own);
	if (own.class == ERR_NONE) {
		suite->url = xstrdup(base);
		return 0;
	}
	suite->detached = false;
	err_release(&suite->inrelease);
	if (own.class != ERR_TRUST && own.class != ERR_NETWORK)
		return err_move(err, &own);
	remember_failure(suite, &own);
	return 0;
}

static bool is_open(const struct suite *suite)
{
	return !suite->found && suite->next < suite->mirrors->count;
}

static size_t files_of(const struct suite *suite)
{
	return suite->detached ? 2 : 1;
}

/* What to do if a Release is not where the recipe says. */
static const char *absent_hint(const struct suite *suite)
{
	if (suite->family && archived_suite_is(suite->family))
		return ARCHIVED_SUITE_HINT;
	if (suite->pocket)
		return "the mirror does not have it: give another one (--mirror URL), or take the "
		       "pocket out of the recipe (`pockets:`)";
	if (suite->label)
		return NULL;
	if (format_is_flat_suite(suite->name))
		return "the archive has no Release there: check `url` and `suite` in the recipe; "
		       "if it has a directory dists/, `suite` is the name of a directory below "
		       "that, without a slash at its end";
	return "the archive does not have it: check `url` and `suite` in the recipe; if it has no "
	       "directory dists/, it is flat: then `suite` is the directory of its Packages, with "
	       "a slash at the end (suite: ./), and `components` is left out";
}

static void add_items(const struct suite *suite, struct fetch_item *item)
{
	static const char *const file[] = { "InRelease", "Release", "Release.gpg" };

	for (size_t i = 0; i < files_of(suite); i++) {
		strv_add_take(&item[i].url, suite_url(suite, suite->mirrors->item[suite->next],
						      file[suite->detached + i]));
		item[i].third_party = !suite->label;
		item[i].absent_hint = absent_hint(suite);
		item[i].limit = INRELEASE_MAX / files_of(suite);
	}
}

static void release_items(struct fetch_item **item)
{
	for (size_t i = 0; *item && (*item)[i].url.count > 0; i++)
		fetch_item_release(&(*item)[i]);
	free(*item);
}

/* Asks the next mirror of every suite that was not found yet, all at once. */
static int ask(struct store *s, struct suite *suite, size_t count, const struct network *network,
	       size_t *ret_asked, struct err *err)
{
	const struct fetch_options options = { .network = network, .keep_going = true };
	CLEANUP(release_items) struct fetch_item *item = xcalloc(2 * count + 1, sizeof(*item));
	size_t asked = 0, answer = 0;
	int r;

	for (size_t i = 0; i < count; i++) {
		if (!is_open(&suite[i]))
			continue;
		add_items(&suite[i], &item[asked]);
		asked += files_of(&suite[i]);
	}
	*ret_asked = asked;
	r = fetch_all(s, item, asked, &options, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		const size_t first = answer;

		if (!is_open(&suite[i]))
			continue;
		answer += files_of(&suite[i]);
		r = consider(s, &suite[i], &item[first], err);
		if (r < 0)
			return r;
	}
	return 0;
}

int suites_fetch(struct store *s, struct suite *suite, size_t count, const struct network *network,
		 struct err *err)
{
	size_t asked = 1;

	while (asked > 0) {
		int r = ask(s, suite, count, network, &asked, err);

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

void suite_release(struct suite *suite)
{
	free(suite->name);
	free(suite->directory);
	free(suite->repository);
	free(suite->key);
	free(suite->url);
	free(suite->fingerprint);
	text_release(&suite->text);
	release_release(&suite->release);
	err_release(&suite->inrelease);
	err_release(&suite->err);
	*suite = (struct suite){ 0 };
}
