/* SPDX-License-Identifier: MIT */
#include "archive/mirror.h"

#include <string.h>
#include <time.h>

#include "archive/apt-source.h"
#include "base/memory.h"

/* Names that a third party would hardly give to a suite with Debian's components. */
static const char *const debian_suites[] = {
	"oldoldstable", "oldstable", "stable",	 "testing", "unstable", "sid",	"experimental",
	"buster",	"bullseye",  "bookworm", "trixie",  "forky",	"duke",
};
static const char *const pockets[] = {
	"-updates", "-security", "-backports", "-backports-sloppy", "-proposed-updates", "/updates",
};
static const char *const debian_components[] = {
	"main",
	"contrib",
	"non-free",
	"non-free-firmware",
};

static bool is_one_of(const char *s, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (streq(s, list[i]))
			return true;
	return false;
}

/* The suite without its pocket: trixie of trixie-security. */
static char *base_suite(const char *suite)
{
	for (size_t i = 0; i < ARRAY_SIZE(pockets); i++)
		if (ends_with(suite, pockets[i]))
			return xstrndup(suite, strlen(suite) - strlen(pockets[i]));
	return xstrdup(suite);
}

static bool is_security(const struct apt_source *source)
{
	return ends_with(source->suite, "-security") || ends_with(source->suite, "/updates") ||
	       ends_with(source->url, "/debian-security");
}

static bool is_debian_keyring(const char *signed_by)
{
	const char *name = strrchr(signed_by, '/');

	return starts_with(name ? name + 1 : signed_by, "debian-archive-");
}

static bool may_be_debian(const struct apt_source *source, const char *base, const char *suite)
{
	bool component = false;

	for (size_t i = 0; i < source->components.count && !component; i++)
		component = is_one_of(source->components.item[i], debian_components,
				      ARRAY_SIZE(debian_components));
	return component &&
	       (streq(base, suite) || is_one_of(base, debian_suites, ARRAY_SIZE(debian_suites))) &&
	       (!source->signed_by || is_debian_keyring(source->signed_by));
}

static void add_once(struct strv *list, const char *url)
{
	if (!strv_has(list, url))
		strv_add(list, url);
}

static void add_sources(const struct apt_sources *sources, const char *suite, bool own_suite,
			struct mirrors *m)
{
	for (size_t i = 0; i < sources->count; i++) {
		const struct apt_source *source = &sources->item[i];
		cleanup_free char *base = base_suite(source->suite);

		if (!may_be_debian(source, base, suite) || streq(base, suite) != own_suite)
			continue;
		add_once(is_security(source) ? &m->security : &m->archive, source->url);
	}
}

static int add_apt(const char *apt_root, const struct recipe *recipe, struct mirrors *m,
		   struct err *err)
{
	CLEANUP(apt_sources_release) struct apt_sources sources = { 0 };
	int r = apt_sources_read(apt_root, &sources, err);

	if (r < 0)
		return r;
	add_sources(&sources, recipe->suite, true, m);
	add_sources(&sources, recipe->suite, false, m);
	return 0;
}

static char *without_slashes(const char *url)
{
	size_t length = strlen(url);

	while (length > 0 && url[length - 1] == '/')
		length--;
	return xstrndup(url, length);
}

/* The length of the URL without the time stamp of a snapshot. */
static size_t base_length(const char *url)
{
	const char *stamp = strstr(url, "/" MIRROR_TIMESTAMP);

	return stamp ? (size_t)(stamp - url) : strlen(url);
}

static char *security_beside(const char *archive)
{
	cleanup_free char *base = xstrndup(archive, base_length(archive));

	return ends_with(base, "/debian") ? xasprintf("%s-security%s", base, archive + strlen(base))
					  : xstrdup(archive);
}

static void add_url(const char *url, struct mirrors *m)
{
	cleanup_free char *base = xstrndup(url, base_length(url));
	bool snapshot = strstr(url, MIRROR_TIMESTAMP) != NULL;

	if (ends_with(base, "-security"))
		add_once(snapshot ? &m->last_security : &m->security, url);
	else
		add_once(snapshot ? &m->last : &m->archive, url);
}

static int add_recipe(const struct recipe *recipe, struct mirrors *m, struct err *err)
{
	for (size_t i = 0; i < recipe->mirrors.count; i++) {
		const struct recipe_name *mirror = &recipe->mirrors.item[i];
		cleanup_free char *url = without_slashes(mirror->value);

		if (!apt_source_url_is_known(mirror->value))
			return position_error(&mirror->at, err,
					      "mirror '%s' is not an http, https or file URL",
					      mirror->value);
		add_url(url, m);
	}
	return 0;
}

static int add_command_line(const char *given, struct mirrors *m, struct err *err)
{
	cleanup_free char *url = without_slashes(given);

	if (!apt_source_url_is_known(url)) {
		(void)err_set(err, ERR_USAGE, "--mirror '%s' is not an http, https or file URL",
			      given);
		return err_hint(err, "for example: --mirror http://mirror.example/debian");
	}
	strv_add(strstr(url, MIRROR_TIMESTAMP) ? &m->last : &m->archive, url);
	return 0;
}

static void add_security(const struct strv *archive, struct strv *security)
{
	if (security->count > 0)
		return;
	for (size_t i = 0; i < archive->count; i++) {
		cleanup_free char *url = security_beside(archive->item[i]);

		add_once(security, url);
	}
}

/* Beside --mirror, the recipe's mirrors are asked for locked files only: they must not decide what
 * the newest packages are. */
static int add_fallback(const struct recipe *recipe, struct mirrors *m, struct err *err)
{
	CLEANUP(mirrors_release) struct mirrors further = { 0 };
	int r = add_recipe(recipe, &further, err);

	if (r < 0)
		return r;
	strv_add_all(&m->last, &further.archive);
	strv_add_all(&m->last, &further.last);
	strv_add_all(&m->last_security, &further.security);
	strv_add_all(&m->last_security, &further.last_security);
	return 0;
}

static void add_dated(const struct strv *last, const char *moment, struct strv *ret)
{
	for (size_t i = 0; i < last->count; i++) {
		const char *stamp = strstr(last->item[i], MIRROR_TIMESTAMP);

		if (stamp)
			strv_addf(ret, "%.*s%s%s", (int)(stamp - last->item[i]), last->item[i],
				  moment, stamp + strlen(MIRROR_TIMESTAMP));
	}
}

int mirrors_find(const char *command_line, const char *apt_root, const struct recipe *recipe,
		 struct mirrors *ret, struct err *err)
{
	CLEANUP(mirrors_release) struct mirrors m = { 0 };
	int r = command_line ? add_command_line(command_line, &m, err)
			     : add_apt(apt_root, recipe, &m, err);

	if (r < 0)
		return r;
	r = command_line ? add_fallback(recipe, &m, err) : add_recipe(recipe, &m, err);
	if (r < 0)
		return r;
	add_security(&m.archive, &m.security);
	add_security(&m.last, &m.last_security);
	if (recipe->snapshot) {
		add_dated(&m.last, recipe->snapshot, &m.dated);
		add_dated(&m.last_security, recipe->snapshot, &m.dated_security);
	}
	r = network_read(recipe, streq(apt_root, "/"), &m.network, err);
	if (r < 0)
		return r;
	*ret = TAKE(m);
	return 0;
}

int mirrors_require(const struct mirrors *m, struct err *err)
{
	if (m->archive.count + m->last.count > 0)
		return 0;
	(void)err_set(err, ERR_USAGE,
		      "no mirror of Debian is known: apt's configuration on this machine names "
		      "none, nor does the recipe");
	return err_hint(err, "give one by --mirror URL, or by `mirrors:` in the recipe");
}

int mirrors_require_suites(const struct mirrors *m, const struct recipe *recipe, struct err *err)
{
	const struct position at = { .file = recipe->path };

	if (!recipe->snapshot)
		return mirrors_require(m, err);
	if (m->dated.count > 0)
		return 0;
	(void)position_error(&at, err, "snapshot '%s': no archive of old states is known",
			     recipe->snapshot);
	return err_hint(
		err,
		"write 'mirrors: [\"http://snapshot.example/archive/debian/" MIRROR_TIMESTAMP
		"\"]' into the recipe, with the host of Debian's snapshot service or of another "
		"archive of old states, or give such a URL by --mirror");
}

static void add_at(const char *url, int64_t time, struct strv *ret)
{
	static const int days_later[] = { 1, 7, 30, 0 };
	const char *stamp = strstr(url, MIRROR_TIMESTAMP);

	if (!stamp)
		strv_add(ret, url);
	for (size_t i = 0; stamp && i < ARRAY_SIZE(days_later); i++) {
		const time_t t = (time_t)time + days_later[i] * 86400;
		struct tm utc = { 0 };
		char text[32];

		(void)gmtime_r(&t, &utc);
		(void)strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &utc);
		strv_addf(ret, "%.*s%s%s", (int)(stamp - url), url, text,
			  stamp + strlen(MIRROR_TIMESTAMP));
	}
}

void mirrors_at(const struct strv *last, int64_t time, struct strv *ret)
{
	for (size_t i = 0; i < last->count; i++)
		add_at(last->item[i], time, ret);
}

void mirrors_release(struct mirrors *m)
{
	strv_release(&m->last);
	strv_release(&m->last_security);
	strv_release(&m->dated);
	strv_release(&m->dated_security);
	strv_release(&m->archive);
	strv_release(&m->security);
	network_release(&m->network);
	*m = (struct mirrors){ 0 };
}
