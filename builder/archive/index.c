/* SPDX-License-Identifier: MIT */
#include "archive/index.h"

#include <string.h>

#include "archive/fetch.h"
#include "archive/suite.h"
#include "archive/trust.h"
#include "archive/url.h"
#include "base/memory.h"
#include "base/progress.h"
#include "recipe/format.h"

struct suites {
	struct suite *item;
	size_t count;
	size_t allocated;
};

struct update {
	struct store *store;
	const struct recipe *recipe;
	const struct mirrors *mirrors;
	struct suites suites;
	struct strv *own; /* the URL of each apt-repository, as a list of mirrors */
	struct indices indices;
	struct fetch_item *item; /* one for each of indices.file */
	int64_t now;
	size_t item_allocated;
};

static void update_release(struct update *u)
{
	for (size_t i = 0; i < u->indices.count; i++)
		fetch_item_release(&u->item[i]);
	free(u->item);
	for (size_t i = 0; i < u->suites.count; i++)
		suite_release(&u->suites.item[i]);
	free(u->suites.item);
	for (size_t i = 0; u->own && i < u->recipe->repository_count; i++)
		strv_release(&u->own[i]);
	free(u->own);
	indices_release(&u->indices);
}

/* sources.list(5): the name of a flat archive is its directory, any other is below dists/. */
static char *directory_of(const char *name)
{
	if (!format_is_flat_suite(name))
		return xasprintf("dists/%s", name);
	while (*name == '/' || starts_with(name, "./"))
		name += *name == '/' ? 1 : 2;
	return xstrndup(name, *name ? strlen(name) - 1 : 0);
}

static struct suite *add_suite(struct update *u, char *name, const char *keyring)
{
	struct suite *suite;

	GROW(u->suites.item, u->suites.count, u->suites.allocated);
	suite = &u->suites.item[u->suites.count++];
	*suite = (struct suite){
		.name = name,
		.directory = directory_of(name),
		.keyring = keyring,
		.now = u->now,
	};
	return suite;
}

static int add_debian(struct update *u, const char *pocket, const char *keyring, struct err *err)
{
	const struct recipe *recipe = u->recipe;
	bool security = streq(pocket, "security");
	char *name = *pocket ? xasprintf("%s-%s", recipe->suite, pocket) : xstrdup(recipe->suite);
	const char *own = keyring ? keyring : recipe->keyring.path;
	struct suite *suite = add_suite(u, name, own ? own : trust_debian_keyring());

	suite->own_keyring = own != NULL;
	suite->keyring_digest = own && !keyring ? recipe->keyring.digest : NULL;
	suite->repository = xstrdup(security ? "security" : "");
	suite->key = suite_key(suite->repository, name, recipe->snapshot);
	suite->mirrors = security ? &u->mirrors->security : &u->mirrors->archive;
	if (recipe->snapshot) {
		suite->mirrors = security ? &u->mirrors->dated_security : &u->mirrors->dated;
		suite->dated = format_parse_moment(recipe->snapshot, &suite->now);
	}
	suite->label = security ? "Debian-Security" : "Debian";
	suite->family = recipe->suite;
	suite->pocket = *pocket != '\0';
	suite->components = &recipe->components;
	if (suite->keyring)
		return 0;
	(void)err_set(err, ERR_USAGE, "Debian's keyring is not installed on this machine");
	return err_hint(err, "install the package debian-archive-keyring, or name a file of its "
			     "keys: --keyring FILE, or `keyring:` in the recipe");
}

/* A third party's archive has a URL, a keyring and names of its own. */
static void add_repository(struct update *u, size_t number)
{
	const struct recipe_repository *repository = &u->recipe->repository[number];
	size_t length = strlen(repository->url);
	struct suite *suite;

	while (length > 0 && repository->url[length - 1] == '/')
		length--;
	suite = add_suite(u, xstrdup(repository->suite), repository->keyring.path);
	suite->keyring_digest = repository->keyring.digest;
	suite->repository = xstrdup(repository->url);
	strv_add_take(&u->own[number], xstrndup(repository->url, length));
	suite->mirrors = &u->own[number];
	suite->components = &repository->components;
	suite->priority = repository->priority;
	suite->key = suite_key(suite->repository, suite->name, NULL);
}

static int check_snapshot(const struct update *u, struct err *err)
{
	const struct position at = { .file = u->recipe->path };
	int64_t moment = 0;

	if (!u->recipe->snapshot || !format_parse_moment(u->recipe->snapshot, &moment) ||
	    moment <= u->now)
		return 0;
	(void)position_error(&at, err, "snapshot '%s' is in the future", u->recipe->snapshot);
	return err_hint(err, "write a moment that is over, or set this machine's clock");
}

static int list_suites(struct update *u, const char *keyring, struct err *err)
{
	const struct recipe *recipe = u->recipe;
	int r = check_snapshot(u, err);

	if (r < 0)
		return r;
	r = add_debian(u, "", keyring, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < recipe->pockets.count; i++) {
		const char *pocket = recipe->pockets.item[i].value;

		r = *pocket ? add_debian(u, pocket, keyring, err) : 0;
		if (r < 0)
			return r;
	}
	u->own = xcalloc(recipe->repository_count + 1, sizeof(*u->own));
	for (size_t i = 0; i < recipe->repository_count; i++)
		add_repository(u, i);
	return 0;
}

/* Asks the mirror that gave the Release first, then the others; and for the by-hash name first,
 * because only that still has the same file when a mirror changes between our two requests. */
static void add_urls(struct strv *urls, const struct suite *suite, const char *path,
		     const char *sha256)
{
	CLEANUP(strv_release) struct strv bases = { 0 };
	const char *slash = strrchr(path, '/');
	cleanup_free char *by_hash = xasprintf("%.*sby-hash/SHA256/%s",
					       slash ? (int)(slash + 1 - path) : 0, path, sha256);

	strv_add(&bases, suite->url);
	for (size_t i = 0; i < suite->mirrors->count; i++)
		if (!strv_has(&bases, suite->mirrors->item[i]))
			strv_add(&bases, suite->mirrors->item[i]);
	for (size_t i = 0; i < bases.count; i++) {
		if (suite->release.by_hash)
			strv_add_take(urls, suite_url(suite, bases.item[i], by_hash));
		strv_add_take(urls, suite_url(suite, bases.item[i], path));
	}
}

/* directory: "main/binary-amd64/", or "" in a flat archive. */
static const struct release_file *find_index(const struct suite *suite, const char *directory)
{
	static const char *const endings[] = { ".xz", ".zst", ".gz", ".bz2", "" };
	const struct release_file *file = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(endings) && !file; i++) {
		cleanup_free char *path = xasprintf("%sPackages%s", directory, endings[i]);

		file = release_find(&suite->release, path);
	}
	return file;
}

/* The size of the text in an index, as the Release says; 0 if it does not. */
static uint64_t text_size(const struct suite *suite, const char *directory)
{
	cleanup_free char *path = xasprintf("%sPackages", directory);
	const struct release_file *file = release_find(&suite->release, path);

	return file ? file->size : 0;
}

/* Adds an index to the list; false if the Release has no such index. component: "" in a flat
 * archive. */
static bool add_index(struct update *u, const struct suite *suite, const char *component,
		      const char *architecture)
{
	cleanup_free char *directory =
		*component ? xasprintf("%s/binary-%s/", component, architecture) : xstrdup("");
	const struct release_file *file = find_index(suite, directory);
	struct fetch_item *item;
	struct index_file *index;
	size_t allocated = u->indices.allocated;

	if (!file)
		return false;
	GROW(u->indices.file, u->indices.count, u->indices.allocated);
	if (u->indices.allocated != allocated)
		u->item = xreallocarray(u->item, u->indices.allocated, sizeof(*u->item));
	item = &u->item[u->indices.count];
	index = &u->indices.file[u->indices.count++];
	*item = (struct fetch_item){ .size = file->size, .third_party = !suite->label };
	*index = (struct index_file){
		.suite = xstrdup(suite->name),
		.component = xstrdup(component),
		.architecture = xstrdup(architecture),
		.title = *component ? xasprintf("'%s', component '%s'", suite->name, component)
				    : xasprintf("'%s' at '%s'", suite->name, suite->repository),
		.repository = xstrdup(suite->repository),
		.pocket = suite->pocket,
		.text_size = text_size(suite, directory),
		.pin_priority = suite->priority ? suite->priority : suite->release.pin_priority,
		.archive = xstrdup(suite->release.suite),
		.codename = xstrdup(suite->release.codename),
		.origin = xstrdup(suite->release.origin),
		.label = xstrdup(suite->release.label),
	};
	memcpy(index->sha256, file->sha256, DIGEST_HEX);
	memcpy(item->sha256, file->sha256, DIGEST_HEX);
	add_urls(&item->url, suite, file->path, file->sha256);
	return true;
}

static int no_index(const struct suite *suite, const struct recipe_name *component,
		    const char *architecture, struct err *err)
{
	const struct release *release = &suite->release;
	cleanup_free char *components = strv_join(&release->components, ", ");
	cleanup_free char *architectures = strv_join(&release->architectures, ", ");

	(void)position_error(&component->at, err,
			     "suite '%s' has no component '%s' for architecture '%s'", suite->name,
			     component->value, architecture);
	return err_hint(err, "it has the components %s, for the architectures %s", components,
			architectures);
}

/* The indices of a suite for the image's own architecture, which all must be there, and after these
 * those for foreign ones. A third party may well have nothing for them. */
static int list_indices_of(struct update *u, const struct suite *suite, struct err *err)
{
	const struct recipe_list *foreign = &u->recipe->foreign_architectures;
	const char *own = u->recipe->architecture;

	for (size_t c = 0; c < suite->components->count; c++) {
		const struct recipe_name *component = &suite->components->item[c];

		if (!add_index(u, suite, component->value, own))
			return no_index(suite, component, own, err);
		if (suite->release.all_apart)
			(void)add_index(u, suite, component->value, "all");
		for (size_t f = 0; f < foreign->count; f++)
			if (!add_index(u, suite, component->value, foreign->item[f].value) &&
			    suite->label)
				return no_index(suite, component, foreign->item[f].value, err);
	}
	return 0;
}

/* Its one index has the packages of all architectures; each reading takes those of one. */
static int add_flat(struct update *u, const struct suite *suite, struct err *err)
{
	const struct recipe_list *foreign = &u->recipe->foreign_architectures;

	if (add_index(u, suite, "", u->recipe->architecture)) {
		for (size_t f = 0; f < foreign->count; f++)
			(void)add_index(u, suite, "", foreign->item[f].value);
		return 0;
	}
	(void)err_set(err, ERR_USAGE, "the flat archive '%s%s%s' has no Packages",
		      suite->repository, ends_with(suite->repository, "/") ? "" : "/",
		      suite->directory);
	return err_hint(err, "check `url` and `suite` in the recipe: Release, there, lists no "
			     "Packages beside it");
}

static int list_indices(struct update *u, struct err *err)
{
	for (size_t i = 0; i < u->suites.count; i++) {
		const struct suite *suite = &u->suites.item[i];
		int r = format_is_flat_suite(suite->name) ? add_flat(u, suite, err)
							  : list_indices_of(u, suite, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int check_sizes(const struct update *u, struct err *err)
{
	for (size_t i = 0; i < u->indices.count; i++)
		if (u->item[i].size > INDEX_TEXT_MAX)
			return err_set(err, ERR_TRUST,
				       "the Release of %s promises a Packages file of %llu bytes, "
				       "more than the %zu that one may have",
				       u->indices.file[i].title,
				       (unsigned long long)u->item[i].size, INDEX_TEXT_MAX);
	return 0;
}

static int fetch_indices(struct update *u, struct err *err)
{
	const struct fetch_options options = { .network = &u->mirrors->network,
					       .show_progress = true };
	uint64_t total = 0;
	int r = check_sizes(u, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < u->indices.count; i++)
		total += u->item[i].size;
	progress_total(total);
	return fetch_all(u->store, u->item, u->indices.count, &options, err);
}

static int recall_indices(struct update *u, struct err *err)
{
	for (size_t i = 0; i < u->indices.count; i++) {
		const struct index_file *file = &u->indices.file[i];
		cleanup_fd int fd = -1;
		int r = store_get(u->store, file->sha256, &fd, err);

		if (r < 0)
			return r;
		if (fd >= 0)
			continue;
		(void)err_set(err, ERR_NETWORK, "offline: the store '%s' has no package list of %s",
			      store_path(u->store), file->title);
		return err_hint(err, "run once without --offline");
	}
	return 0;
}

static void describe_releases(struct update *u)
{
	struct indices *x = &u->indices;

	for (size_t i = 0; i < u->suites.count; i++) {
		const struct suite *suite = &u->suites.item[i];
		struct index_release *release;

		GROW(x->release, x->release_count, x->release_allocated);
		release = &x->release[x->release_count++];
		*release = (struct index_release){
			.suite = xstrdup(suite->name),
			.url = url_public(suite->url),
			.directory = xstrdup(suite->directory),
			.file = suite->file,
			.date = xstrdup(suite->release.date),
			.fingerprint = xstrdup(suite->fingerprint),
		};
		memcpy(release->sha256, suite->file_sha256, DIGEST_HEX);
	}
}

static int update_online(struct update *u, struct err *err)
{
	struct suites *suites = &u->suites;
	int r = mirrors_require_suites(u->mirrors, u->recipe, err);

	if (r < 0)
		return r;
	r = suites_fetch(u->store, suites->item, suites->count, &u->mirrors->network, err);
	if (r < 0)
		return r;
	r = list_indices(u, err);
	if (r < 0)
		return r;
	r = fetch_indices(u, err);
	if (r < 0)
		return r;
	return suites_remember(u->store, suites->item, suites->count, err);
}

static int update_offline(struct update *u, struct err *err)
{
	int r = suites_recall(u->store, u->suites.item, u->suites.count, err);

	if (r < 0)
		return r;
	r = list_indices(u, err);
	if (r < 0)
		return r;
	return recall_indices(u, err);
}

int indices_update(struct store *s, const struct recipe *recipe, const struct mirrors *mirrors,
		   const struct index_options *options, struct indices *ret, struct err *err)
{
	CLEANUP(update_release)
	struct update u = {
		.store = s,
		.recipe = recipe,
		.mirrors = mirrors,
		.now = options->now,
	};
	int r = list_suites(&u, options->keyring, err);

	if (r < 0)
		return r;
	r = options->offline ? update_offline(&u, err) : update_online(&u, err);
	if (r < 0)
		return r;
	describe_releases(&u);
	for (size_t i = 0; i < u.indices.count; i++)
		fetch_item_release(&u.item[i]);
	*ret = TAKE(u.indices);
	return 0;
}

void indices_release(struct indices *x)
{
	for (size_t i = 0; i < x->count; i++) {
		free(x->file[i].suite);
		free(x->file[i].component);
		free(x->file[i].architecture);
		free(x->file[i].title);
		free(x->file[i].repository);
		free(x->file[i].archive);
		free(x->file[i].codename);
		free(x->file[i].origin);
		free(x->file[i].label);
	}
	for (size_t i = 0; i < x->release_count; i++) {
		free(x->release[i].suite);
		free(x->release[i].url);
		free(x->release[i].directory);
		free(x->release[i].date);
		free(x->release[i].fingerprint);
	}
	free(x->file);
	free(x->release);
	*x = (struct indices){ 0 };
}
