/* SPDX-License-Identifier: MIT */
#include "solve/base-set.h"

#include <string.h>

#include <solv/solvable.h>

#define AFTER_MARKER 1

static const char *const always[] = { "apt", "base-files", "base-passwd", "debconf" };

static void add(Id p, Map *base, Queue *pending)
{
	if (MAPTST(base, p))
		return;
	map_set(base, p);
	queue_push(pending, p);
}

static bool comes_before(const struct solver_pool *pool, Id a, Id b)
{
	return strcmp(solver_pool_name(pool, a), solver_pool_name(pool, b)) < 0;
}

/* What satisfies a dependency: of the first alternative that the set has, the package of that very
 * name, else the first provider by name. One is enough for dpkg. */
static void add_target(const struct solver_pool *pool, Id dependency, const Map *set, Map *base,
		       Queue *pending)
{
	CLEANUP(queue_free) Queue atoms = { 0 };
	Id best = 0;

	queue_init(&atoms);
	solver_pool_alternatives(pool, dependency, &atoms);
	for (int i = 0; i < atoms.count && best == 0; i++) {
		Id name = atoms.elements[i];

		while (ISRELDEP(name))
			name = GETRELDEP(pool->solv, name)->name;
		for (const Id *p = pool_whatprovides_ptr(pool->solv, atoms.elements[i]); *p; p++) {
			bool real = pool_id2solvable(pool->solv, *p)->name == name;

			if (MAPTST(set, *p) && (best == 0 || real || comes_before(pool, *p, best)))
				best = *p;
			if (best == *p && real)
				break;
		}
	}
	if (best)
		add(best, base, pending);
}

static void add_targets(const struct solver_pool *pool, Id p, Id marker, const Map *set, Map *base,
			Queue *pending)
{
	CLEANUP(queue_free) Queue list = { 0 };

	queue_init(&list);
	solvable_lookup_deparray(pool_id2solvable(pool->solv, p), SOLVABLE_REQUIRES, &list, marker);
	for (int i = 0; i < list.count; i++)
		if (list.elements[i] != SOLVABLE_PREREQMARKER)
			add_target(pool, list.elements[i], set, base, pending);
}

static bool is_always(const char *name)
{
	for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++)
		if (streq(always[i], name))
			return true;
	return false;
}

void base_set_find(const struct solver_pool *pool, const Map *set, Map *ret_base)
{
	CLEANUP(queue_free) Queue pending = { 0 };

	queue_init(&pending);
	map_empty(ret_base);
	for (Id p = 2; p < pool->solv->nsolvables; p++) {
		if (!MAPTST(set, p))
			continue;
		if (pool->fact[p].essential || is_always(solver_pool_name(pool, p)))
			add(p, ret_base, &pending);
		add_targets(pool, p, AFTER_MARKER, set, ret_base, &pending);
	}
	while (pending.count > 0)
		add_targets(pool, queue_pop(&pending), 0, set, ret_base, &pending);
}
