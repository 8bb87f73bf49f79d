/* SPDX-License-Identifier: MIT */
#include "solve/pins.h"

#include <stdlib.h>
#include <string.h>

#include <solv/knownid.h>
#include <solv/repo.h>
#include <solv/solvable.h>

#include "base/log.h"
#include "base/memory.h"

static void report_idle(const struct recipe_pin *pin)
{
	cleanup_free char *place = position_text(&pin->at);

	log_warning("%s: the pin of '%s' fits nothing that the archives have: '%s'", place,
		    pin->package, pin->pin);
}

static bool fits_source(const struct pin *pin, const struct solver_source *source)
{
	cleanup_free char *host = pin_host(source->repository);

	return pin_fits_release(pin, source->about, host);
}

/* ---- the general form ---- */

/* priority: of each source, in the order of the pool. */
static void apply_general(const struct solver_pool *pool, const struct recipe_pin *pin,
			  bool *is_fixed, int *priority)
{
	CLEANUP(pin_release) struct pin parsed = { 0 };
	const char *hint = NULL;
	bool idle = true;

	(void)pin_parse(pin->pin, &parsed, &hint);
	for (size_t i = 0; i < pool->source_count; i++) {
		if (streq(pool->source[i]->repository, "local") ||
		    !fits_source(&parsed, pool->source[i]))
			continue;
		idle = false;
		if (is_fixed[i])
			continue;
		is_fixed[i] = true;
		priority[i] = pin->priority;
	}
	if (idle)
		report_idle(pin);
}

static void apply_all_general(struct solver_pool *pool, const struct recipe *recipe)
{
	cleanup_free bool *is_fixed = xcalloc(pool->source_count + 1, sizeof(*is_fixed));
	cleanup_free int *priority = xcalloc(pool->source_count + 1, sizeof(*priority));

	for (size_t i = 0; i < pool->source_count; i++)
		priority[i] = pool->source[i]->pin_priority;
	for (size_t i = 0; i < recipe->pin_count; i++)
		if (pin_is_general(recipe->pin[i].package))
			apply_general(pool, &recipe->pin[i], is_fixed, priority);
	/* The repos of libsolv are numbered from 1 in the order of the sources. */
	for (size_t i = 0; i < pool->count; i++) {
		Id p = pool->sorted[i];

		pool->priority[p] = priority[pool_id2solvable(pool->solv, p)->repo->repoid - 1];
	}
}

/* ---- pins of certain packages ---- */

static const char *source_name(const struct solver_pool *pool, Id p)
{
	return solvable_lookup_str(pool_id2solvable(pool->solv, p), SOLVABLE_SOURCENAME);
}

static bool is_about(const struct solver_pool *pool, const struct pin_package *about, Id p)
{
	const char *full = solver_pool_name(pool, p);
	cleanup_free char *name = xstrndup(full, strcspn(full, ":"));
	const char *architecture =
		full[strlen(name)] ? full + strlen(name) + 1 : pool->architecture;
	const char *source = about->source ? source_name(pool, p) : NULL;

	if (!pin_pattern_fits(about->name, source ? source : name))
		return false;
	return about->architecture ? pin_pattern_fits(about->architecture, architecture)
				   : streq(architecture, pool->architecture);
}

/* The packages of the same name and version as the i-th of the list, from several archives: to apt
 * they are one. Those of one name stand together. */
static void set_version(struct solver_pool *pool, size_t i, int priority, bool *is_fixed)
{
	const Solvable *s = pool_id2solvable(pool->solv, pool->sorted[i]);
	const Id *first;
	size_t count = solver_pool_named(pool, solver_pool_name(pool, pool->sorted[i]), &first);

	for (size_t k = 0; k < count; k++) {
		if (pool_id2solvable(pool->solv, first[k])->evr != s->evr || is_fixed[first[k]] ||
		    solver_pool_is_local(pool, first[k]))
			continue;
		is_fixed[first[k]] = true;
		pool->priority[first[k]] = priority;
	}
}

static void apply_specific(struct solver_pool *pool, const struct recipe_pin *pin, bool *is_fixed)
{
	CLEANUP(pin_release) struct pin parsed = { 0 };
	CLEANUP(pin_package_release) struct pin_package about = { 0 };
	const char *hint = NULL;
	bool idle = true;

	(void)pin_parse(pin->pin, &parsed, &hint);
	pin_package_parse(pin->package, &about);
	for (size_t i = 0; i < pool->count; i++) {
		Id p = pool->sorted[i];

		if (!is_about(pool, &about, p) ||
		    (!pin_fits_version(&parsed, solver_pool_version(pool, p)) &&
		     !fits_source(&parsed, solver_pool_source(pool, p))))
			continue;
		idle = false;
		set_version(pool, i, pin->priority, is_fixed);
	}
	if (idle)
		report_idle(pin);
}

/* What no pin of the package has settled gets the highest priority of the archives that have it. */
static void raise_to_highest(struct solver_pool *pool, const bool *is_fixed)
{
	for (size_t i = 0; i < pool->count; i++) {
		Id p = pool->sorted[i];
		const Id *first;
		size_t count = is_fixed[p]
				       ? 0
				       : solver_pool_named(pool, solver_pool_name(pool, p), &first);

		for (size_t k = 0; k < count; k++)
			if (pool_id2solvable(pool->solv, first[k])->evr ==
				    pool_id2solvable(pool->solv, p)->evr &&
			    pool->priority[first[k]] > pool->priority[p])
				pool->priority[p] = pool->priority[first[k]];
	}
}

void pins_apply(struct solver_pool *pool, const struct recipe *recipe)
{
	cleanup_free bool *is_fixed = xcalloc((size_t)pool->solv->nsolvables, sizeof(*is_fixed));

	if (recipe->pin_count == 0 && !pool->has_priorities)
		return;
	pool->has_priorities = recipe->pin_count > 0;
	apply_all_general(pool, recipe);
	for (size_t i = 0; i < recipe->pin_count; i++)
		if (!pin_is_general(recipe->pin[i].package))
			apply_specific(pool, &recipe->pin[i], is_fixed);
	raise_to_highest(pool, is_fixed);
	solver_pool_sort(pool);
}
