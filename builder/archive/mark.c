/* SPDX-License-Identifier: MIT */
#include "archive/mark.h"

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

static bool comes_before(const struct universe *u, Id a, Id b)
{
	return strcmp(universe_name(u, a), universe_name(u, b)) < 0;
}

/* What satisfies a dependency: of the first alternative that the set has, the package of that very
 * name, else the first provider by name. One is enough for dpkg. */
static void add_target(const struct universe *u, Id dependency, const Map *set, Map *base,
		       Queue *pending)
{
	CLEANUP(queue_free) Queue atoms = { 0 };
	Id best = 0;

	queue_init(&atoms);
	universe_alternatives(u, dependency, &atoms);
	for (int i = 0; i < atoms.count && best == 0; i++) {
		Id name = atoms.elements[i];

		while (ISRELDEP(name))
			name = GETRELDEP(u->pool, name)->name;
		for (const Id *p = pool_whatprovides_ptr(u->pool, atoms.elements[i]); *p; p++) {
			bool real = pool_id2solvable(u->pool, *p)->name == name;

			if (MAPTST(set, *p) && (best == 0 || real || comes_before(u, *p, best)))
				best = *p;
			if (best == *p && real)
				break;
		}
	}
	if (best)
		add(best, base, pending);
}

static void add_targets(const struct universe *u, Id p, Id marker, const Map *set, Map *base,
			Queue *pending)
{
	CLEANUP(queue_free) Queue list = { 0 };

	queue_init(&list);
	solvable_lookup_deparray(pool_id2solvable(u->pool, p), SOLVABLE_REQUIRES, &list, marker);
	for (int i = 0; i < list.count; i++)
		if (list.elements[i] != SOLVABLE_PREREQMARKER)
			add_target(u, list.elements[i], set, base, pending);
}

static bool is_always(const char *name)
{
	for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++)
		if (streq(always[i], name))
			return true;
	return false;
}

void mark_base(const struct universe *u, const Map *set, Map *ret_base)
{
	CLEANUP(queue_free) Queue pending = { 0 };

	queue_init(&pending);
	map_empty(ret_base);
	for (Id p = 2; p < u->pool->nsolvables; p++) {
		if (!MAPTST(set, p))
			continue;
		if (u->fact[p].essential || is_always(universe_name(u, p)))
			add(p, ret_base, &pending);
		add_targets(u, p, AFTER_MARKER, set, ret_base, &pending);
	}
	while (pending.count > 0)
		add_targets(u, queue_pop(&pending), 0, set, ret_base, &pending);
}
