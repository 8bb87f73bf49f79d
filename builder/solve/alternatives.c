/* SPDX-License-Identifier: MIT */
#include "solve/alternatives.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <solv/repo.h>
#include <solv/solvable.h>

#include "deb/version.h"

#define BEFORE_MARKER (-1)
#define AFTER_MARKER 1

void alternatives_init(struct alternatives *a, const struct solver_pool *pool, bool recommends)
{
	*a = (struct alternatives){ .pool = pool, .recommends = recommends };
	map_init(&a->requested, pool->solv->nsolvables);
	map_init(&a->taken, pool->solv->nsolvables);
	map_init(&a->blocked, pool->solv->nsolvables);
	map_init(&a->refused, pool->solv->nsolvables);
	queue_init(&a->order);
	queue_init(&a->ties);
}

void alternatives_release(struct alternatives *a)
{
	map_free(&a->requested);
	map_free(&a->taken);
	map_free(&a->blocked);
	map_free(&a->refused);
	queue_free(&a->order);
	queue_free(&a->ties);
}

/* Copies the list, since libsolv may move its own at the next question. */
static void providers(const struct alternatives *a, Id dependency, Queue *ret)
{
	for (const Id *p = pool_whatprovides_ptr(a->pool->solv, dependency); *p; p++)
		queue_push(ret, *p);
}

static Id target_name(const struct alternatives *a, Id atom)
{
	while (ISRELDEP(atom))
		atom = GETRELDEP(a->pool->solv, atom)->name;
	return atom;
}

struct preference {
	const struct alternatives *in;
	Id name;
};

static int prefer(bool a, bool b)
{
	return a == b ? 0 : (a ? -1 : 1);
}

/* Whether a package is called that, of whichever architecture. */
static bool is_called(const struct solver_pool *pool, Id has, Id wanted)
{
	const char *a = pool_id2str(pool->solv, has), *b = pool_id2str(pool->solv, wanted);
	size_t length = strcspn(a, ":");

	if (pool->foreign.count == 0)
		return has == wanted;
	return length == strcspn(b, ":") && strncmp(a, b, length) == 0;
}

static bool is_foreign(const struct solver_pool *pool, Id p)
{
	return strchr(solver_pool_name(pool, p), ':') != NULL;
}

/* Everything but the names: 0 if nothing that a package says of itself decides between two. */
static int compare_ranks(const struct preference *by, Id a, Id b)
{
	const struct solver_pool *pool = by->in->pool;
	const Solvable *x = pool_id2solvable(pool->solv, a), *y = pool_id2solvable(pool->solv, b);
	int r = prefer(MAPTST(&by->in->requested, a), MAPTST(&by->in->requested, b));

	if (r == 0)
		r = prefer(is_called(pool, x->name, by->name), is_called(pool, y->name, by->name));
	if (r == 0)
		r = prefer(pool->fact[a].essential, pool->fact[b].essential);
	if (r == 0)
		r = prefer(!is_foreign(pool, a), !is_foreign(pool, b));
	if (r == 0)
		r = prefer(x->arch != ARCH_ALL, y->arch != ARCH_ALL);
	if (r == 0)
		r = (int)pool->fact[a].priority - (int)pool->fact[b].priority;
	return r;
}

static int compare_providers(const void *pa, const void *pb, void *data)
{
	const struct preference *by = data;
	const struct solver_pool *pool = by->in->pool;
	Id a = *(const Id *)pa, b = *(const Id *)pb;
	int r = compare_ranks(by, a, b);

	if (r == 0)
		r = strcmp(solver_pool_name(pool, a), solver_pool_name(pool, b));
	if (r == 0)
		r = pool->priority[b] - pool->priority[a];
	if (r == 0)
		r = version_compare(solver_pool_version(pool, b), solver_pool_version(pool, a));
	return r != 0 ? r : (a < b ? -1 : 1);
}

static bool install(struct alternatives *a, Id p);

/* How many packages p would bring in now; INT_MAX if it cannot be had. Nothing stays taken. */
static int weigh(struct alternatives *a, Id p)
{
	Map taken, blocked;
	int before = a->order.count, weight = 0;
	bool possible;

	map_init_clone(&taken, &a->taken);
	map_init_clone(&blocked, &a->blocked);
	a->weighing = true;
	possible = install(a, p);
	a->weighing = false;
	for (int i = before; i < a->order.count; i++)
		weight += MAPTST(&a->taken, a->order.elements[i]) != 0;
	queue_truncate(&a->order, before);
	map_free(&a->taken);
	map_free(&a->blocked);
	a->taken = taken;
	a->blocked = blocked;
	return possible ? weight : INT_MAX;
}

/* Moves the lightest of the providers [first, end) to the front; the others stay in order. The best
 * version that can be had stands for its name: a tie is no reason to take an older one. */
static void put_lightest_first(struct alternatives *a, Queue *list, int first, int end)
{
	int best = first, least = INT_MAX;
	Id lightest, weighed = 0;

	for (int i = first; i < end; i++) {
		Id name = pool_id2solvable(a->pool->solv, list->elements[i])->name;
		int weight = name != weighed ? weigh(a, list->elements[i]) : INT_MAX;

		if (weight < INT_MAX)
			weighed = name;
		if (weight < least) {
			least = weight;
			best = i;
		}
	}
	lightest = list->elements[best];
	memmove(list->elements + first + 1, list->elements + first,
		(size_t)(best - first) * sizeof(*list->elements));
	list->elements[first] = lightest;
}

/* Where only names differ, the provider is taken that brings the fewest packages with it. What is
 * brought along while one is weighed is not weighed itself, so this is done once a tie. */
static void break_ties(struct alternatives *a, const struct preference *by, Queue *list,
		       Queue *ties)
{
	int end;

	for (int first = 0; first < list->count; first = end) {
		Id name = pool_id2solvable(a->pool->solv, list->elements[first])->name;
		bool tie = false;

		for (end = first + 1; end < list->count && compare_ranks(by, list->elements[first],
									 list->elements[end]) == 0;
		     end++)
			tie = tie ||
			      pool_id2solvable(a->pool->solv, list->elements[end])->name != name;
		if (!tie)
			continue;
		put_lightest_first(a, list, first, end);
		queue_push2(ties, list->elements[first], by->name);
	}
}

/* ties gets pairs as in struct alternatives. */
static void sorted_providers(struct alternatives *a, Id atom, Queue *ret, Queue *ties)
{
	struct preference by = { .in = a, .name = target_name(a, atom) };

	providers(a, atom, ret);
	if (ret->count < 2)
		return;
	qsort_r(ret->elements, (size_t)ret->count, sizeof(*ret->elements), compare_providers, &by);
	if (!a->weighing)
		break_ties(a, &by, ret, ties);
}

/* Remembers that p was taken because of a tie, if it was. */
static void note_tie(struct alternatives *a, const Queue *ties, Id p)
{
	for (int i = 0; i + 1 < ties->count; i += 2)
		if (ties->elements[i] == p)
			queue_push2(&a->ties, p, ties->elements[i + 1]);
}

Id alternatives_provider(struct alternatives *a, Id name)
{
	CLEANUP(queue_free) Queue list = { 0 };
	CLEANUP(queue_free) Queue ties = { 0 };

	queue_init(&list);
	queue_init(&ties);
	map_empty(&a->taken);
	map_empty(&a->blocked);
	sorted_providers(a, name, &list, &ties);
	for (int i = 0; i < list.count; i++) {
		if (MAPTST(&a->refused, list.elements[i]))
			continue;
		note_tie(a, &ties, list.elements[i]);
		return list.elements[i];
	}
	return 0;
}

/* Debian's own exception. init-system-helpers of bookworm depends on usrmerge | usr-is-merged, but
 * usrmerge is for converting a system that runs: a new one takes usr-is-merged. */
static void put_first(const struct alternatives *a, Queue *candidates)
{
	for (int i = 1; i < candidates->count; i++) {
		Id p = candidates->elements[i];

		if (strcmp(solver_pool_name(a->pool, p), "usr-is-merged") != 0)
			continue;
		queue_delete(candidates, i);
		queue_unshift(candidates, p);
	}
}

static void candidates_of(struct alternatives *a, Id dependency, Queue *ret, Queue *ties)
{
	CLEANUP(queue_free) Queue atoms = { 0 };

	queue_init(&atoms);
	solver_pool_alternatives(a->pool, dependency, &atoms);
	for (int i = 0; i < atoms.count; i++) {
		CLEANUP(queue_free) Queue list = { 0 };

		queue_init(&list);
		sorted_providers(a, atoms.elements[i], &list, ties);
		for (int k = 0; k < list.count; k++)
			queue_pushunique(ret, list.elements[k]);
	}
	put_first(a, ret);
}

static void conflicts_of(const struct alternatives *a, Id p, Queue *ret)
{
	CLEANUP(queue_free) Queue list = { 0 };
	const Id *same;
	size_t count = solver_pool_named(a->pool, solver_pool_name(a->pool, p), &same);

	queue_init(&list);
	solvable_lookup_deparray(pool_id2solvable(a->pool->solv, p), SOLVABLE_CONFLICTS, &list, 0);
	for (int i = 0; i < list.count; i++)
		providers(a, list.elements[i], ret);
	for (size_t i = 0; i < count; i++)
		queue_push(ret, same[i]);
}

/* Takes a package; false if something that it conflicts with was taken before. A request is taken
 * whatever it conflicts with: libsolv will find the conflict, and explain.c puts it into words. */
static bool take(struct alternatives *a, Id p)
{
	CLEANUP(queue_free) Queue enemies = { 0 };
	bool requested = MAPTST(&a->requested, p) != 0;

	queue_init(&enemies);
	conflicts_of(a, p, &enemies);
	for (int i = 0; i < enemies.count && !requested; i++)
		if (enemies.elements[i] != p && MAPTST(&a->taken, enemies.elements[i]))
			return false;
	for (int i = 0; i < enemies.count; i++)
		if (enemies.elements[i] != p)
			map_set(&a->blocked, enemies.elements[i]);
	map_set(&a->taken, p);
	queue_push(&a->order, p);
	return true;
}

static bool is_satisfied(const struct alternatives *a, Id dependency)
{
	for (const Id *p = pool_whatprovides_ptr(a->pool->solv, dependency); *p; p++)
		if (MAPTST(&a->taken, *p))
			return true;
	return false;
}

static bool satisfy(struct alternatives *a, Id dependency)
{
	CLEANUP(queue_free) Queue candidates = { 0 };
	CLEANUP(queue_free) Queue ties = { 0 };

	if (is_satisfied(a, dependency))
		return true;
	queue_init(&candidates);
	queue_init(&ties);
	candidates_of(a, dependency, &candidates, &ties);
	for (int i = 0; i < candidates.count; i++) {
		if (!install(a, candidates.elements[i]))
			continue;
		note_tie(a, &ties, candidates.elements[i]);
		return true;
	}
	return false;
}

/* Satisfies every dependency of one kind. A failure ends it for a package that nobody asked for by
 * name, since another alternative may do instead. */
static bool satisfy_all(struct alternatives *a, Id p, Id kind, Id marker)
{
	CLEANUP(queue_free) Queue list = { 0 };
	bool ok = true;

	queue_init(&list);
	solvable_lookup_deparray(pool_id2solvable(a->pool->solv, p), kind, &list, marker);
	for (int i = 0; i < list.count && (ok || MAPTST(&a->requested, p)); i++)
		if (!satisfy(a, list.elements[i]) && kind == SOLVABLE_REQUIRES)
			ok = false;
	return ok;
}

static bool follow(struct alternatives *a, Id p)
{
	bool ok = satisfy_all(a, p, SOLVABLE_REQUIRES, AFTER_MARKER);

	if (ok || MAPTST(&a->requested, p))
		ok = satisfy_all(a, p, SOLVABLE_REQUIRES, BEFORE_MARKER) && ok;
	if (ok && a->recommends)
		(void)satisfy_all(a, p, SOLVABLE_RECOMMENDS, 0);
	return ok;
}

static void give_back(struct alternatives *a, Id p)
{
	map_clr(&a->taken, p);
	map_set(&a->blocked, p);
}

static bool install(struct alternatives *a, Id p)
{
	if (MAPTST(&a->taken, p))
		return true;
	if (MAPTST(&a->blocked, p) || MAPTST(&a->refused, p) || !take(a, p))
		return false;
	if (follow(a, p))
		return true;
	give_back(a, p);
	return false;
}

void alternatives_walk(struct alternatives *a, const Queue *requests)
{
	map_empty(&a->requested);
	map_empty(&a->taken);
	map_empty(&a->blocked);
	queue_empty(&a->order);
	for (int i = 0; i < requests->count; i++)
		map_set(&a->requested, requests->elements[i]);
	for (int i = 0; i < requests->count; i++)
		take(a, requests->elements[i]);
	for (int i = 0; i < requests->count; i++)
		(void)follow(a, requests->elements[i]);
}

static void need_all(const struct alternatives *a, Id p, Id kind, const Map *set, Map *needed,
		     Queue *pending)
{
	CLEANUP(queue_free) Queue list = { 0 };

	queue_init(&list);
	solvable_lookup_deparray(pool_id2solvable(a->pool->solv, p), kind, &list, 0);
	for (int i = 0; i < list.count; i++) {
		if (list.elements[i] == SOLVABLE_PREREQMARKER)
			continue;
		for (const Id *q = pool_whatprovides_ptr(a->pool->solv, list.elements[i]); *q;
		     q++) {
			if (!MAPTST(set, *q) || MAPTST(needed, *q))
				continue;
			map_set(needed, *q);
			queue_push(pending, *q);
		}
	}
}

void alternatives_needed(const struct alternatives *a, const Queue *requests, const Map *set,
			 Map *ret_needed)
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

		need_all(a, p, SOLVABLE_REQUIRES, set, ret_needed, &pending);
		if (a->recommends)
			need_all(a, p, SOLVABLE_RECOMMENDS, set, ret_needed, &pending);
	}
}
