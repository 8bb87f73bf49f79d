/* SPDX-License-Identifier: MIT */
#include "solve/base-set.h"

#include <stdlib.h>
#include <string.h>

#include <solv/solvable.h>

#include "base/memory.h"
#include "solve/closure.h"
#include "solve/request.h"

#define BEFORE_MARKER (-1)
#define AFTER_MARKER 1

/* The packages of the set, in the order of names. */
struct members {
	Id *item;
	size_t count;
};

static void release_members(struct members *m)
{
	free(m->item);
}

static int compare_names(const void *pa, const void *pb, void *data)
{
	const struct solver_pool *pool = data;

	return strcmp(solver_pool_name(pool, *(const Id *)pa),
		      solver_pool_name(pool, *(const Id *)pb));
}

static void list_members(const struct solver_pool *pool, const Map *set, struct members *ret)
{
	ret->item = xcalloc((size_t)pool->solv->nsolvables, sizeof(*ret->item));
	for (Id p = 2; p < pool->solv->nsolvables; p++)
		if (MAPTST(set, p))
			ret->item[ret->count++] = p;
	qsort_r(ret->item, ret->count, sizeof(*ret->item), compare_names, (void *)(uintptr_t)pool);
}

/* The relations of a field as text. libsolv keeps Depends before a marker in SOLVABLE_REQUIRES and
 * Pre-Depends after it; marker says which of them are meant, 0 for a field without a marker. */
static void list_relations(const struct solver_pool *pool, Id p, Id field, Id marker,
			   struct strv *ret)
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

	list_relations(pool, p, SOLVABLE_REQUIRES, AFTER_MARKER, &package->depends);
	list_relations(pool, p, SOLVABLE_REQUIRES, BEFORE_MARKER, &package->depends);
	list_relations(pool, p, SOLVABLE_PROVIDES, 0, &package->provides);
}

static void take_pre_depends(const struct solver_pool *pool, Id p, struct closure *c)
{
	CLEANUP(strv_release) struct strv target = { 0 };

	list_relations(pool, p, SOLVABLE_REQUIRES, AFTER_MARKER, &target);
	for (size_t i = 0; i < target.count; i++)
		closure_take_target(c, target.item[i]);
}

static bool is_in_every_image(const char *name)
{
	for (size_t i = 0; every_image[i].name; i++)
		if (streq(every_image[i].name, name))
			return true;
	return false;
}

void base_set_find(const struct solver_pool *pool, const Map *set, Map *ret_base)
{
	CLEANUP(closure_release) struct closure c = { 0 };
	CLEANUP(release_members) struct members m = { 0 };

	list_members(pool, set, &m);
	for (size_t i = 0; i < m.count; i++)
		add_package(pool, m.item[i], &c);
	for (size_t i = 0; i < m.count; i++) {
		if (pool->fact[m.item[i]].essential || is_in_every_image(c.item[i].name))
			closure_take(&c, i);
		take_pre_depends(pool, m.item[i], &c);
	}
	closure_complete(&c);
	map_empty(ret_base);
	for (size_t i = 0; i < m.count; i++)
		if (c.item[i].taken)
			map_set(ret_base, m.item[i]);
}
