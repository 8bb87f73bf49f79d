/* SPDX-License-Identifier: MIT */
#include "solve/set-closure.h"

#include <stdlib.h>
#include <string.h>

#include <solv/solvable.h>

#include "base/memory.h"

static int compare_names(const void *pa, const void *pb, void *data)
{
	const struct solver_pool *pool = data;

	return strcmp(solver_pool_name(pool, *(const Id *)pa),
		      solver_pool_name(pool, *(const Id *)pb));
}

static void list_members(const struct solver_pool *pool, const Map *set, struct set_members *ret)
{
	ret->item = xcalloc((size_t)pool->solv->nsolvables, sizeof(*ret->item));
	for (Id p = 2; p < pool->solv->nsolvables; p++)
		if (MAPTST(set, p))
			ret->item[ret->count++] = p;
	qsort_r(ret->item, ret->count, sizeof(*ret->item), compare_names, (void *)(uintptr_t)pool);
}

void set_relations(const struct solver_pool *pool, Id p, Id field, Id marker, struct strv *ret)
{
	CLEANUP(queue_free) Queue list = { 0 };

	queue_init(&list);
	solvable_lookup_deparray(pool_id2solvable(pool->solv, p), field, &list, marker);
	for (int i = 0; i < list.count; i++) {
		CLEANUP(text_release) struct text text = { 0 };

		solver_pool_dependency_text(pool, list.elements[i], &text);
		strv_add(ret, text.data);
	}
}

static void add_package(const struct solver_pool *pool, Id p, struct closure *c)
{
	struct closure_package *package =
		closure_add(c, solver_pool_name(pool, p), solver_pool_version(pool, p));

	set_relations(pool, p, SOLVABLE_REQUIRES, SET_AFTER_MARKER, &package->depends);
	set_relations(pool, p, SOLVABLE_REQUIRES, SET_BEFORE_MARKER, &package->depends);
	set_relations(pool, p, SOLVABLE_PROVIDES, 0, &package->provides);
}

void set_closure(const struct solver_pool *pool, const Map *set, struct closure *ret,
		 struct set_members *ret_members)
{
	list_members(pool, set, ret_members);
	for (size_t i = 0; i < ret_members->count; i++)
		add_package(pool, ret_members->item[i], ret);
}

void set_members_release(struct set_members *m)
{
	free(m->item);
	*m = (struct set_members){ 0 };
}
