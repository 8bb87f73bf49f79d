/* SPDX-License-Identifier: MIT */
#include "solve/request-find.h"

#include <string.h>

#include "base/memory.h"
#include "recipe/format.h"
#include "recipe/position.h"

void request_providers(const struct solver_pool *pool, const char *name, struct strv *ret)
{
	for (const Id *p = pool_whatprovides_ptr(pool->solv, pool_str2id(pool->solv, name, 1)); *p;
	     p++)
		strv_add(ret, solver_pool_name(pool, *p));
	strv_sort(ret);
	strv_unique(ret);
}

char *request_name(const char *wanted)
{
	return xstrndup(wanted, package_name_length(wanted));
}

/* The components of Debian's archive that the recipe does not name. */
static void components_left_out(const struct solver_pool *pool, struct strv *ret)
{
	static const char *const all[] = { "main", "contrib", "non-free", "non-free-firmware" };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		bool named = false;

		for (size_t k = 0; k < pool->source_count && !named; k++)
			named = streq(pool->source[k]->repository, "") &&
				streq(pool->source[k]->component, all[i]);
		if (!named)
			strv_add(ret, all[i]);
	}
}

int request_hint_unknown(const struct solver_pool *pool, const struct strv *near, struct err *err)
{
	CLEANUP(strv_release) struct strv left_out = { 0 };
	cleanup_free char *names = strv_join(near, "', '");
	cleanup_free char *components = NULL;

	components_left_out(pool, &left_out);
	components = strv_join(&left_out, ", ");
	if (strv_has(&left_out, "main"))
		return err_hint(err, "add main, where most packages are, to 'components:'");
	if (near->count > 0 && left_out.count > 0)
		return err_hint(err,
				"did you mean '%s'? Or is it in %s, which 'components:' lacks?",
				names, components);
	if (near->count > 0)
		return err_hint(err, "did you mean '%s'?", names);
	if (left_out.count > 0)
		return err_hint(err, "other packages are in %s: add what you need to 'components:'",
				components);
	return err_value(err);
}

const char *request_suite(const struct solver_pool *pool)
{
	return pool->source_count > 0 ? pool->source[0]->suite : "the archive";
}

static const struct skipped_package *find_skipped(const struct solver_pool *pool, const char *name)
{
	for (size_t i = 0; i < pool->skipped.count; i++)
		if (streq(pool->skipped.item[i].name, name))
			return &pool->skipped.item[i];
	return NULL;
}

/* `name` is virtual, which has no versions of its own. */
static int only_provided(const struct solver_pool *pool, const struct recipe_name *wanted,
			 const char *name, struct err *err)
{
	CLEANUP(strv_release) struct strv providers = { 0 };
	cleanup_free char *names = NULL;

	request_providers(pool, name, &providers);
	names = strv_join(&providers, ", ");
	position_error(&wanted->at, err,
		       "there is no '%s', as '%s' is a name that only other packages provide",
		       wanted->value, name);
	return err_hint(err, "name one of these instead: %s", names);
}

int request_unknown(const struct solver_pool *pool, const struct recipe_name *wanted,
		    struct err *err)
{
	CLEANUP(strv_release) struct strv near = { 0 };
	cleanup_free char *name = request_name(wanted->value);
	const char *now = format_renamed_package(name);
	const struct skipped_package *skipped = find_skipped(pool, name);

	if (skipped)
		return position_error(
			&wanted->at, err,
			"package '%s' cannot be used: its entry in the archive's list "
			"of packages is not valid: %s",
			name, skipped->reason);
	if (now) {
		position_error(&wanted->at, err,
			       "no package '%s' in %s, as it has another name today", name,
			       request_suite(pool));
		return err_hint(err, "write '%s'", now);
	}
	for (size_t i = 0; i < pool->foreign.count; i++) {
		cleanup_free char *other = xasprintf("%s:%s", name, pool->foreign.item[i]);
		const Id *first;

		if (solver_pool_named(pool, other, &first) == 0)
			continue;
		position_error(&wanted->at, err,
			       "no package '%s' for %s in %s, but there is one for %s", name,
			       pool->architecture, request_suite(pool), pool->foreign.item[i]);
		return err_hint(err, "write '%s'", other);
	}
	if (solver_pool_provides(pool, name))
		return only_provided(pool, wanted, name, err);
	solver_pool_suggest(pool, name, &near);
	position_error(&wanted->at, err, "no package '%s' in %s", name, request_suite(pool));
	return request_hint_unknown(pool, &near, err);
}

static bool is_of_suite(const struct solver_source *source, const char *suite)
{
	return streq(source->suite, suite) || streq(source->about[PIN_ARCHIVE], suite) ||
	       streq(source->about[PIN_CODENAME], suite);
}

static bool has_suite(const struct solver_pool *pool, const char *suite)
{
	for (size_t i = 0; i < pool->source_count; i++)
		if (is_of_suite(pool->source[i], suite))
			return true;
	return false;
}

/* The way to a suite that no archive of the recipe has. */
static int hint_suite(const struct solver_pool *pool, const char *suite, struct err *err)
{
	static const char *const pocket[] = { "updates", "security" };

	for (size_t i = 0; i < ARRAY_SIZE(pocket); i++) {
		cleanup_free char *name = xasprintf("%s-%s", request_suite(pool), pocket[i]);

		if (streq(suite, name))
			return err_hint(err, "write 'pockets: [%s]' into the recipe", pocket[i]);
	}
	return err_hint(err,
			"no archive of the recipe has the suite '%s': add the one that has it to "
			"'apt-repositories', with its url, 'suite: %s' and its keyring",
			suite, suite);
}

static int no_such_version(const struct solver_pool *pool, const struct recipe_name *wanted,
			   const Id *first, size_t count, struct err *err)
{
	CLEANUP(text_release) struct text there = { 0 };
	cleanup_free char *item =
		xstrndup(wanted->value, strlen(wanted->value) - package_is_optional(wanted->value));
	const char *rest = item + package_name_length(item);

	for (size_t i = 0; i < count; i++)
		text_printf(&there, "%s%s in %s", i > 0 ? ", " : "",
			    solver_pool_version(pool, first[i]),
			    solver_pool_source(pool, first[i])->suite);
	position_error(&wanted->at, err, "there is no '%s'", item);
	if (*rest == '/' && !has_suite(pool, rest + 1))
		return hint_suite(pool, rest + 1, err);
	return err_hint(err, "there is %s", there.data);
}

int request_never(const struct recipe_name *wanted, struct err *err)
{
	cleanup_free char *name = request_name(wanted->value);

	position_error(&wanted->at, err,
		       "the pins let no version of '%s' be taken: the highest priority of one is "
		       "not positive",
		       name);
	return err_hint(err,
			"NAME=VERSION or NAME/SUITE in 'packages' comes before the pins, or "
			"write a pin of a positive priority for '%s'",
			name);
}

static bool is_meant(const struct solver_pool *pool, Id p, const char *rest)
{
	if (*rest == '=')
		return streq(rest + 1, solver_pool_version(pool, p));
	return *rest == '\0' || is_of_suite(solver_pool_source(pool, p), rest + 1);
}

int request_find(const struct solver_pool *pool, const struct recipe_name *wanted, Id *ret,
		 struct err *err)
{
	cleanup_free char *item =
		xstrndup(wanted->value, strlen(wanted->value) - package_is_optional(wanted->value));
	cleanup_free char *name = request_name(item);
	const char *rest = item + strlen(name);
	const Id *first;
	size_t count = solver_pool_named(pool, name, &first);

	*ret = 0;
	if (count == 0)
		return 0;
	for (size_t i = 0; i < count && *ret == 0; i++)
		if (is_meant(pool, first[i], rest))
			*ret = first[i];
	for (size_t i = 0; i < count && *rest == '\0'; i++)
		if (MAPTST(&pool->pinned, first[i])) {
			*ret = first[i];
			break;
		}
	if (!*ret)
		return no_such_version(pool, wanted, first, count, err);
	return *rest || solver_pool_has_candidate(pool, name) ? 0 : request_never(wanted, err);
}
