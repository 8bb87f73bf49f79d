/* SPDX-License-Identifier: MIT */
#include "solve/consistency.h"

#include <stdlib.h>
#include <string.h>

#include <solv/solvable.h>

#include "deb/version.h"
#include "base/memory.h"

struct offer { /* a name that a package of the set has or provides */
	Id name;
	const char *version; /* NULL: none */
	Id owner;
	bool real;
};

struct offers {
	struct offer *item;
	size_t count;
	size_t allocated;
};

static void release_offers(struct offers *o)
{
	free(o->item);
}

static void add_offer(struct offers *o, struct offer offer)
{
	GROW(o->item, o->count, o->allocated);
	o->item[o->count++] = offer;
}

static void add_offers(const struct solver_pool *pool, Id p, struct offers *o)
{
	CLEANUP(queue_free) Queue list = { 0 };
	Solvable *s = pool_id2solvable(pool->solv, p);

	add_offer(o, (struct offer){ s->name, solver_pool_version(pool, p), p, true });
	queue_init(&list);
	solvable_lookup_deparray(s, SOLVABLE_PROVIDES, &list, 0);
	for (int i = 0; i < list.count; i++) {
		Id name = list.elements[i];
		const char *version = NULL;

		if (ISRELDEP(name)) {
			const Reldep *rel = GETRELDEP(pool->solv, name);

			if (rel->flags == REL_EQ)
				version = pool_id2str(pool->solv, rel->evr);
			name = rel->name;
		}
		if (name != s->name)
			add_offer(o, (struct offer){ name, version, p, false });
	}
}

static int compare_offers(const void *pa, const void *pb)
{
	const struct offer *a = pa, *b = pb;

	if (a->name != b->name)
		return a->name < b->name ? -1 : 1;
	return a->owner < b->owner ? -1 : a->owner > b->owner;
}

static bool version_fits(const char *have, int flags, const char *want)
{
	int r = version_compare(have, want);

	return (r < 0 && (flags & REL_LT)) || (r == 0 && (flags & REL_EQ)) ||
	       (r > 0 && (flags & REL_GT));
}

/* An offer of any package but `self` that fulfils an atom ("name (>= 2)"); NULL if there is none.
 */
static const struct offer *find_offer(const struct solver_pool *pool, const struct offers *o,
				      Id atom, Id self)
{
	const char *want = NULL;
	int flags = 0;
	size_t low = 0, high = o->count;

	while (ISRELDEP(atom)) {
		const Reldep *rel = GETRELDEP(pool->solv, atom);

		if (rel->flags != REL_MULTIARCH) {
			flags = rel->flags;
			want = pool_id2str(pool->solv, rel->evr);
		}
		atom = rel->name;
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (o->item[middle].name < atom)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < o->count && o->item[low].name == atom; low++) {
		const struct offer *offer = &o->item[low];

		if (offer->owner != self &&
		    (!want || (offer->version && version_fits(offer->version, flags, want))))
			return offer;
	}
	return NULL;
}

static int contradiction(const struct solver_pool *pool, Id p, const char *verb, Id dependency,
			 const struct offer *offer, struct err *err)
{
	CLEANUP(text_release) struct text t = { 0 };

	solver_pool_dependency_text(pool, dependency, &t);
	err_set(err, ERR_BUILD, "the solver's answer contradicts itself: %s %s %s %s, %s %s",
		solver_pool_name(pool, p), solver_pool_version(pool, p), verb, t.data,
		offer ? "and there is" : "which is not there",
		offer ? solver_pool_name(pool, offer->owner) : "");
	return err_hint(err, "this is a mistake of netrescue or libsolv: please report it with the "
			     "recipe");
}

static int check_requires(const struct solver_pool *pool, const struct offers *o, Id p,
			  struct err *err)
{
	CLEANUP(queue_free) Queue list = { 0 };

	queue_init(&list);
	solvable_lookup_deparray(pool_id2solvable(pool->solv, p), SOLVABLE_REQUIRES, &list, 0);
	for (int i = 0; i < list.count; i++) {
		CLEANUP(queue_free) Queue atoms = { 0 };
		bool found = list.elements[i] == SOLVABLE_PREREQMARKER;

		queue_init(&atoms);
		solver_pool_alternatives(pool, list.elements[i], &atoms);
		for (int k = 0; k < atoms.count && !found; k++)
			found = find_offer(pool, o, atoms.elements[k], 0) != NULL;
		if (!found)
			return contradiction(pool, p, "depends on", list.elements[i], NULL, err);
	}
	return 0;
}

static int check_conflicts(const struct solver_pool *pool, const struct offers *o, Id p,
			   struct err *err)
{
	CLEANUP(queue_free) Queue list = { 0 };

	queue_init(&list);
	solvable_lookup_deparray(pool_id2solvable(pool->solv, p), SOLVABLE_CONFLICTS, &list, 0);
	for (int i = 0; i < list.count; i++) {
		const struct offer *offer = find_offer(pool, o, list.elements[i], p);

		if (offer)
			return contradiction(pool, p, "conflicts with", list.elements[i], offer,
					     err);
	}
	return 0;
}

static int check_doubles(const struct solver_pool *pool, const struct offers *o, struct err *err)
{
	const struct offer *last = NULL;

	for (size_t i = 0; i < o->count; i++) {
		if (!o->item[i].real)
			continue;
		if (last && last->name == o->item[i].name)
			return err_set(err, ERR_BUILD, "the solver's answer has %s twice",
				       solver_pool_name(pool, last->owner));
		last = &o->item[i];
	}
	return 0;
}

int consistency_check(const struct solver_pool *pool, const Map *set, struct err *err)
{
	CLEANUP(release_offers) struct offers o = { 0 };
	int r;

	for (Id p = 2; p < pool->solv->nsolvables; p++)
		if (MAPTST(set, p))
			add_offers(pool, p, &o);
	if (o.count > 0)
		qsort(o.item, o.count, sizeof(*o.item), compare_offers);
	r = check_doubles(pool, &o, err);
	if (r < 0)
		return r;
	for (Id p = 2; p < pool->solv->nsolvables; p++) {
		if (!MAPTST(set, p))
			continue;
		r = check_requires(pool, &o, p, err);
		if (r < 0)
			return r;
		r = check_conflicts(pool, &o, p, err);
		if (r < 0)
			return r;
	}
	return 0;
}
