/* SPDX-License-Identifier: MIT */
/* The closure (closure.h) of a set of a pool's packages: what they depend on within the set. */
#pragma once

#include "solve/closure.h"
#include "solve/solver-pool.h"

/* The packages of the set, in the order of names: the i-th is the i-th of the closure. */
struct set_members {
	Id *item;
	size_t count;
};

/* Adds all packages of the set; none is taken yet. */
void set_closure(const struct solver_pool *pool, const Map *set, struct closure *ret,
		 struct set_members *ret_members);
void set_members_release(struct set_members *m);

/* The relations of a field as text, appended to ret. libsolv keeps Depends before a marker in
 * SOLVABLE_REQUIRES and Pre-Depends after it; marker says which of them are meant, 0 for a field
 * without a marker. */
#define SET_BEFORE_MARKER (-1)
#define SET_AFTER_MARKER 1
void set_relations(const struct solver_pool *pool, Id p, Id field, Id marker, struct strv *ret);
