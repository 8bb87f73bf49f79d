/* SPDX-License-Identifier: MIT */
#include "solve/base-set.h"

#include <string.h>

#include <solv/solvable.h>

#include "base/memory.h"
#include "solve/closure.h"
#include "solve/request.h"
#include "solve/set-closure.h"

static void take_pre_depends(const struct solver_pool *pool, Id p, struct closure *c)
{
	CLEANUP(strv_release) struct strv target = { 0 };

	set_relations(pool, p, SOLVABLE_REQUIRES, SET_AFTER_MARKER, &target);
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
	CLEANUP(set_members_release) struct set_members m = { 0 };

	set_closure(pool, set, &c, &m);
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
