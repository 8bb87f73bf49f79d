/* SPDX-License-Identifier: MIT */
#include "archive/choice.h"

#include <stdlib.h>
#include <string.h>

#include <solv/repo.h>
#include <solv/solvable.h>

#include "archive/version.h"

#define BEFORE_MARKER (-1)
#define AFTER_MARKER 1

void choice_init(struct choice *c, const struct universe *u, bool recommends)
{
	*c = (struct choice){ .u = u, .recommends = recommends };
	map_init(&c->requested, u->pool->nsolvables);
	map_init(&c->taken, u->pool->nsolvables);
	map_init(&c->blocked, u->pool->nsolvables);
	map_init(&c->refused, u->pool->nsolvables);
	queue_init(&c->order);
}

void choice_release(struct choice *c)
{
	map_free(&c->requested);
	map_free(&c->taken);
	map_free(&c->blocked);
	map_free(&c->refused);
	queue_free(&c->order);
}

/* Copied: libsolv may move its lists at the next question. */
static void providers(const struct choice *c, Id dependency, Queue *ret)
{
	for (const Id *p = pool_whatprovides_ptr(c->u->pool, dependency); *p; p++)
		queue_push(ret, *p);
}

static Id target_name(const struct choice *c, Id atom)
{
	while (ISRELDEP(atom))
		atom = GETRELDEP(c->u->pool, atom)->name;
	return atom;
}

struct preference {
	const struct choice *c;
	Id name;
};

static int prefer(bool a, bool b)
{
	return a == b ? 0 : (a ? -1 : 1);
}

static int compare_providers(const void *pa, const void *pb, void *data)
{
	const struct preference *by = data;
	const struct universe *u = by->c->u;
	Id a = *(const Id *)pa, b = *(const Id *)pb;
	const Solvable *x = pool_id2solvable(u->pool, a), *y = pool_id2solvable(u->pool, b);
	int r = prefer(MAPTST(&by->c->requested, a), MAPTST(&by->c->requested, b));

	if (r == 0)
		r = prefer(x->name == by->name, y->name == by->name);
	if (r == 0)
		r = prefer(u->fact[a].essential, u->fact[b].essential);
	if (r == 0)
		r = prefer(x->arch != ARCH_ALL, y->arch != ARCH_ALL);
	if (r == 0)
		r = (int)u->fact[a].priority - (int)u->fact[b].priority;
	if (r == 0)
		r = strcmp(universe_name(u, a), universe_name(u, b));
	if (r == 0)
		r = version_compare(universe_version(u, b), universe_version(u, a));
	return r != 0 ? r : (a < b ? -1 : 1);
}

static void sorted_providers(const struct choice *c, Id atom, Queue *ret)
{
	struct preference by = { .c = c, .name = target_name(c, atom) };

	providers(c, atom, ret);
	if (ret->count > 1)
		qsort_r(ret->elements, (size_t)ret->count, sizeof(*ret->elements),
			compare_providers, &by);
}

Id choice_provider(const struct choice *c, Id name)
{
	CLEANUP(queue_free) Queue list = { 0 };

	queue_init(&list);
	sorted_providers(c, name, &list);
	for (int i = 0; i < list.count; i++)
		if (!MAPTST(&c->refused, list.elements[i]))
			return list.elements[i];
	return 0;
}

/* Debian's own exception: usrmerge converts a running system, which a new one does not need; what
 * builds new systems takes usr-is-merged (init-system-helpers of bookworm names usrmerge first). */
static void put_first(const struct choice *c, Queue *candidates)
{
	for (int i = 1; i < candidates->count; i++) {
		Id p = candidates->elements[i];

		if (strcmp(universe_name(c->u, p), "usr-is-merged") != 0)
			continue;
		queue_delete(candidates, i);
		queue_unshift(candidates, p);
	}
}

static void candidates_of(const struct choice *c, Id dependency, Queue *ret)
{
	CLEANUP(queue_free) Queue atoms = { 0 };

	queue_init(&atoms);
	universe_alternatives(c->u, dependency, &atoms);
	for (int i = 0; i < atoms.count; i++) {
		CLEANUP(queue_free) Queue list = { 0 };

		queue_init(&list);
		sorted_providers(c, atoms.elements[i], &list);
		for (int k = 0; k < list.count; k++)
			queue_pushunique(ret, list.elements[k]);
	}
	put_first(c, ret);
}

static void conflicts_of(const struct choice *c, Id p, Queue *ret)
{
	CLEANUP(queue_free) Queue list = { 0 };
	const Id *same;
	size_t count = universe_named(c->u, universe_name(c->u, p), &same);

	queue_init(&list);
	solvable_lookup_deparray(pool_id2solvable(c->u->pool, p), SOLVABLE_CONFLICTS, &list, 0);
	for (int i = 0; i < list.count; i++)
		providers(c, list.elements[i], ret);
	for (size_t i = 0; i < count; i++)
		queue_push(ret, same[i]);
}

/* False, and nothing taken, if something it conflicts with was taken before. Requests are taken
 * whatever they conflict with: libsolv will say it in words. */
static bool take(struct choice *c, Id p)
{
	CLEANUP(queue_free) Queue enemies = { 0 };
	bool requested = MAPTST(&c->requested, p) != 0;

	queue_init(&enemies);
	conflicts_of(c, p, &enemies);
	for (int i = 0; i < enemies.count && !requested; i++)
		if (enemies.elements[i] != p && MAPTST(&c->taken, enemies.elements[i]))
			return false;
	for (int i = 0; i < enemies.count; i++)
		if (enemies.elements[i] != p)
			map_set(&c->blocked, enemies.elements[i]);
	map_set(&c->taken, p);
	queue_push(&c->order, p);
	return true;
}

static bool is_satisfied(const struct choice *c, Id dependency)
{
	for (const Id *p = pool_whatprovides_ptr(c->u->pool, dependency); *p; p++)
		if (MAPTST(&c->taken, *p))
			return true;
	return false;
}

static bool install(struct choice *c, Id p);

static bool satisfy(struct choice *c, Id dependency)
{
	CLEANUP(queue_free) Queue candidates = { 0 };

	if (is_satisfied(c, dependency))
		return true;
	queue_init(&candidates);
	candidates_of(c, dependency, &candidates);
	for (int i = 0; i < candidates.count; i++)
		if (install(c, candidates.elements[i]))
			return true;
	return false;
}

/* Every dependency of one kind. What fails stops the walk of a package nobody asked for by name,
 * since another alternative may stand in for it. */
static bool satisfy_all(struct choice *c, Id p, Id kind, Id marker)
{
	CLEANUP(queue_free) Queue list = { 0 };
	bool ok = true;

	queue_init(&list);
	solvable_lookup_deparray(pool_id2solvable(c->u->pool, p), kind, &list, marker);
	for (int i = 0; i < list.count && (ok || MAPTST(&c->requested, p)); i++)
		if (!satisfy(c, list.elements[i]) && kind == SOLVABLE_REQUIRES)
			ok = false;
	return ok;
}

static bool follow(struct choice *c, Id p)
{
	bool ok = satisfy_all(c, p, SOLVABLE_REQUIRES, AFTER_MARKER);

	if (ok || MAPTST(&c->requested, p))
		ok = satisfy_all(c, p, SOLVABLE_REQUIRES, BEFORE_MARKER) && ok;
	if (ok && c->recommends)
		(void)satisfy_all(c, p, SOLVABLE_RECOMMENDS, 0);
	return ok;
}

static void give_back(struct choice *c, Id p)
{
	map_clr(&c->taken, p);
	map_set(&c->blocked, p);
}

static bool install(struct choice *c, Id p)
{
	if (MAPTST(&c->taken, p))
		return true;
	if (MAPTST(&c->blocked, p) || MAPTST(&c->refused, p) || !take(c, p))
		return false;
	if (follow(c, p))
		return true;
	give_back(c, p);
	return false;
}

void choice_walk(struct choice *c, const Queue *requests)
{
	map_empty(&c->requested);
	map_empty(&c->taken);
	map_empty(&c->blocked);
	queue_empty(&c->order);
	for (int i = 0; i < requests->count; i++)
		map_set(&c->requested, requests->elements[i]);
	for (int i = 0; i < requests->count; i++)
		take(c, requests->elements[i]);
	for (int i = 0; i < requests->count; i++)
		(void)follow(c, requests->elements[i]);
}

static void need_all(const struct choice *c, Id p, Id kind, const Map *set, Map *needed,
		     Queue *pending)
{
	CLEANUP(queue_free) Queue list = { 0 };

	queue_init(&list);
	solvable_lookup_deparray(pool_id2solvable(c->u->pool, p), kind, &list, 0);
	for (int i = 0; i < list.count; i++) {
		if (list.elements[i] == SOLVABLE_PREREQMARKER)
			continue;
		for (const Id *q = pool_whatprovides_ptr(c->u->pool, list.elements[i]); *q; q++) {
			if (!MAPTST(set, *q) || MAPTST(needed, *q))
				continue;
			map_set(needed, *q);
			queue_push(pending, *q);
		}
	}
}

void choice_needed(const struct choice *c, const Queue *requests, const Map *set, Map *ret_needed)
{
	CLEANUP(queue_free) Queue pending = { 0 };

	queue_init(&pending);
	map_empty(ret_needed);
	for (int i = 0; i < requests->count; i++) {
		map_set(ret_needed, requests->elements[i]);
		queue_push(&pending, requests->elements[i]);
	}
	while (pending.count > 0) {
		Id p = queue_pop(&pending);

		need_all(c, p, SOLVABLE_REQUIRES, set, ret_needed, &pending);
		if (c->recommends)
			need_all(c, p, SOLVABLE_RECOMMENDS, set, ret_needed, &pending);
	}
}
