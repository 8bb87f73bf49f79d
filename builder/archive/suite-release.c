/* SPDX-License-Identifier: MIT */
#include "archive/suite-release.h"

#include <string.h>

#include "archive/archived-suite.h"
#include "archive/trust.h"
#include "base/log.h"
#include "recipe/format.h"

int suite_last_seen(struct store *s, const struct suite *suite, int64_t *ret, struct err *err)
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

/* *ret_content is what was signed, if all is well. */
static int verify(const struct suite *suite, const struct trust *trust, const char *name,
		  const struct text *signed_text, struct text *ret_content, char **ret_fingerprint,
		  struct err *err)
{
	const char *signature = strstr(signed_text->data, "\n" ARMOUR_SIGNATURE);
	CLEANUP(text_release) struct text content = { 0 };
	CLEANUP(text_release) struct text detached = { 0 };
	int r;

	if (!suite->detached || !signature)
		return trust_verify(trust, name, signed_text->data, signed_text->length,
				    ret_content, ret_fingerprint, err);
	signature++;
	text_append(&content, signed_text->data, (size_t)(signature - signed_text->data));
	text_add(&detached, signature);
	r = trust_verify_detached(trust, name, &content, &detached, ret_fingerprint, err);
	if (r < 0)
		return r;
	*ret_content = TAKE(content);
	return 0;
}

static int check_origin(const struct suite *suite, const struct release *release, const char *name,
			struct err *err)
{
	if (streq(release->origin, "Debian") && streq(release->label, suite->label))
		return 0;
	(void)err_set(err, ERR_TRUST,
		      "%s is not Debian's: its Origin is '%s' and its Label '%s', not 'Debian' and "
		      "'%s'",
		      name, release->origin, release->label, suite->label);
	return err_hint(err, "give a mirror of Debian with --mirror URL; of a mirror of your own, "
			     "name the key as well (--keyring); other archives belong into the "
			     "recipe's `apt-repositories`");
}

/* Whether a key of Debian's has signed it; where this machine has none of them, the text says so
 * itself. */
static bool is_signed_by_debian(const struct suite *suite, const struct release *release,
				const char *name, const struct text *signed_text)
{
	const char *keyring[TRUST_DEBIAN_KEYRINGS];
	bool known = false;

	trust_debian_keyrings(keyring);
	for (size_t i = 0; i < TRUST_DEBIAN_KEYRINGS; i++) {
		const struct trust trust = { .keyring = keyring[i], .subject = TRUST_DEBIAN };
		CLEANUP(text_release) struct text content = { 0 };
		CLEANUP(err_release) struct err err = { 0 };
		cleanup_free char *fingerprint = NULL;

		known = known || keyring[i];
		if (keyring[i] &&
		    verify(suite, &trust, name, signed_text, &content, &fingerprint, &err) == 0)
			return true;
	}
	return !known && streq(release->origin, "Debian");
}

/* Whether that is the suite of the recipe or one of its pockets. */
static bool is_of_family(const struct suite *suite, const char *name)
{
	size_t length = strlen(suite->family);

	return starts_with(name, suite->family) && (name[length] == '\0' || name[length] == '-');
}

/* Debian's suites must be what they are called, or a mirror could serve another one, as validly
 * signed, in its place. Whoever signs a mirror with a key of one's own, and has named that key to
 * us, calls it as they like, unless it is what another suite of the recipe is called. */
static int check_debian(const struct suite *suite, const struct release *release, const char *name,
			const struct text *signed_text, struct err *err)
{
	CLEANUP(err_release) struct err origin = { 0 };
	CLEANUP(err_release) struct err differs = { 0 };

	(void)check_origin(suite, release, name, &origin);
	(void)release_check_suite(release, name, suite->name, &differs);
	if (origin.class == ERR_NONE && differs.class == ERR_NONE)
		return 0;
	if (!suite->own_keyring ||
	    (differs.class != ERR_NONE &&
	     (is_of_family(suite, release->suite) || is_of_family(suite, release->codename))) ||
	    is_signed_by_debian(suite, release, name, signed_text))
		return err_move(err, origin.class != ERR_NONE ? &origin : &differs);
	if (differs.class != ERR_NONE)
		log_warning("%s; it is taken, because a key of '%s' has signed it", differs.message,
			    suite->keyring);
	else
		log_debug("%s", origin.message);
	return 0;
}

/* Third parties name their suites as they like, some not at all; apt warns as well. The name of a
 * flat archive is a directory. */
static void check_third_party(const struct suite *suite, const struct release *release,
			      const char *name)
{
	CLEANUP(err_release) struct err differs = { 0 };

	if (format_is_flat_suite(suite->name) || (!*release->suite && !*release->codename))
		return;
	if (release_check_suite(release, name, suite->name, &differs) < 0)
		log_warning("%s", differs.message);
}

int suite_join(const char *name, const struct text *release, const struct text *signature,
	       struct text *ret, struct err *err)
{
	if (!starts_with(signature->data, ARMOUR_SIGNATURE) ||
	    strlen(signature->data) != signature->length)
		return err_set(err, ERR_TRUST, "'%s.gpg' is not an armoured OpenPGP signature",
			       name);
	if (!ends_with(release->data, "\n") || strlen(release->data) != release->length ||
	    starts_with(release->data, "-----") || strstr(release->data, "\n-----"))
		return err_set(err, ERR_TRUST, "'%s' is not a text of fields", name);
	text_append(ret, release->data, release->length);
	text_append(ret, signature->data, signature->length);
	return 0;
}

static void describe(struct suite *suite, const struct text *signed_text,
		     const struct text *content)
{
	const struct text *file = suite->detached ? content : signed_text;

	suite->file = suite->detached ? "Release" : "InRelease";
	digest_bytes(signed_text->data, signed_text->length, suite->sha256);
	digest_bytes(file->data, file->length, suite->file_sha256);
}

static bool is_archived(const struct suite *suite)
{
	return suite->family && archived_suite_is(suite->family);
}

/* Nobody renews the Release of a suite that is archived, so there its end says nothing. */
static int check_fresh(const struct suite *suite, const struct release *release, const char *name,
		       int64_t seen, struct err *err)
{
	const struct release_clock clock = { .now = suite->now, .snapshot = suite->dated };
	CLEANUP(err_release) struct err expired = { 0 };
	int r = release_check_date(release, name, &clock, seen, err);

	if (r < 0 || release_check_valid(release, name, &clock, &expired) == 0)
		return r;
	if (!is_archived(suite))
		return err_move(err, &expired);
	log_warning("%s; it is taken, because '%s' is archived: it gets no updates any more",
		    expired.message, suite->family);
	return 0;
}

int suite_accept(struct store *s, struct suite *suite, const char *name,
		 const struct text *signed_text, struct err *err)
{
	const struct trust trust = {
		.keyring = suite->keyring,
		.digest = suite->keyring_digest,
		.subject = suite->label ? TRUST_DEBIAN : TRUST_THIRD_PARTY,
		.then = suite->dated || is_archived(suite),
		.archived = is_archived(suite),
	};
	CLEANUP(release_release) struct release release = { 0 };
	CLEANUP(text_release) struct text content = { 0 };
	cleanup_free char *fingerprint = NULL;
	int64_t seen = 0;
	int r;

	r = verify(suite, &trust, name, signed_text, &content, &fingerprint, err);
	if (r < 0)
		return r;
	r = release_parse(name, content.data, content.length, &release, err);
	if (r < 0)
		return r;
	if (suite->label)
		r = check_debian(suite, &release, name, signed_text, err);
	else
		check_third_party(suite, &release, name);
	if (r < 0)
		return r;
	r = suite_last_seen(s, suite, &seen, err);
	if (r < 0)
		return r;
	r = check_fresh(suite, &release, name, seen, err);
	if (r < 0)
		return r;
	describe(suite, signed_text, &content);
	suite->release = TAKE(release);
	suite->fingerprint = take_ptr(fingerprint);
	suite->found = true;
	return 0;
}
