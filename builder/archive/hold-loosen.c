/* SPDX-License-Identifier: MIT */
/*
 * Which pins a new version takes along. What is pinned was consistent once, so only two things can
 * be wrong: a dependency that no candidate fulfils any more, and a conflict with a new version. Of
 * a dependency, the pinned package that it names is let go; where there is none, the version that
 * it asks for is gone, and the one who asks is let go. Each round lets go of a package, so it ends.
 */
#include <string.h>

#include <solv/knownid.h>
#include <solv/solvable.h>

#include "archive/hold.h"
#include "base/memory.h"

/* By a package `because` whose relation is `what`, such as "depends on". */
static void let_go(struct hold *h, struct universe *u, const char *name, Id because,
		   const char *what, Id dependency)
{
	CLEANUP(text_release) struct text reason = { 0 };
	universe_unpin(u, name);
	text_printf(&reason, "%s %s %s ", universe_name(u, because), universe_version(u, because),
		    what);
	universe_dependency_text(u, dependency, &reason);
	strv_add(&h->moved, name);
	strv_add(&h->reason, reason.data);
}

/* The name that one alternative asks for. */
static const char *name_of(const struct universe *u, Id atom)
{
	while (ISRELDEP(atom))
		atom = GETRELDEP(u->pool, atom)->name;
	return pool_id2str(u->pool, atom);
}

/* True if something was let go. */
static bool mend_dependency(struct hold *h, struct universe *u, Id p, Id dependency)
{
	CLEANUP(queue_free) Queue alternatives = { 0 };

	queue_init(&alternatives);
	universe_alternatives(u, dependency, &alternatives);
	for (int i = 0; i < alternatives.count; i++) {
		const char *name = name_of(u, alternatives.elements[i]);

		if (!universe_is_pinned(u, name))
			continue;
		let_go(h, u, name, p, "depends on", dependency);
		return true;
	}
	if (!universe_is_pinned(u, universe_name(u, p)))
		return false; /* the solver will say it better */
	let_go(h, u, universe_name(u, p), p, "depends on", dependency);
	return true;
}

/* Of what is not in the lock, what a new version brings along is looked at as well. */
static void follow(const struct hold *h, const struct universe *u, Id dependency, Queue *ret)
{
	const Id *provider = pool_whatprovides_ptr(u->pool, dependency);

	for (const Id *p = provider; *p; p++)
		if (packages_find(&h->lock->packages, universe_name(u, *p), ROLE_IMAGE))
			return;
	queue_pushunique(ret, *provider);
}

static bool mend_dependencies(struct hold *h, struct universe *u, Id p, Queue *look_at)
{
	CLEANUP(queue_free) Queue list = { 0 };
	bool changed = false;

	queue_init(&list);
	solvable_lookup_deparray(pool_id2solvable(u->pool, p), SOLVABLE_REQUIRES, &list, 0);
	for (int i = 0; i < list.count; i++) {
		Id dependency = list.elements[i];

		if (dependency == SOLVABLE_PREREQMARKER)
			continue;
		if (*pool_whatprovides_ptr(u->pool, dependency))
			follow(h, u, dependency, look_at);
		else
			changed = mend_dependency(h, u, p, dependency) || changed;
	}
	return changed;
}

/* Breaks are conflicts to libsolv. Of two that exclude each other, the pinned one may have a newer
 * version that does not. */
static bool mend_conflicts(struct hold *h, struct universe *u, Id p)
{
	CLEANUP(queue_free) Queue list = { 0 };
	const char *name = universe_name(u, p);
	bool changed = false;

	queue_init(&list);
	solvable_lookup_deparray(pool_id2solvable(u->pool, p), SOLVABLE_CONFLICTS, &list, 0);
	for (int i = 0; i < list.count; i++) {
		const Id *other = pool_whatprovides_ptr(u->pool, list.elements[i]);

		for (; *other; other++) {
			const char *against = universe_name(u, *other);

			if (streq(against, name) ||
			    !packages_find(&h->lock->packages, against, ROLE_IMAGE) ||
			    universe_is_pinned(u, against) == universe_is_pinned(u, name))
				continue;
			let_go(h, u, universe_is_pinned(u, against) ? against : name, p,
			       "conflicts with", list.elements[i]);
			changed = true;
			break;
		}
	}
	return changed;
}

/* The candidates of what the lock installs; then what else they bring in. */
static bool mend(struct hold *h, struct universe *u)
{
	CLEANUP(queue_free) Queue look_at = { 0 };
	bool changed = false;

	queue_init(&look_at);
	for (size_t i = 0; i < h->lock->packages.count; i++) {
		const struct package *package = &h->lock->packages.item[i];
		const Id *first;
		size_t count = universe_named(u, package->name, &first);

		for (size_t k = 0; k < count && package->role == ROLE_IMAGE; k++)
			if (MAPTST(&u->considered, first[k]))
				queue_push(&look_at, first[k]);
	}
	for (int i = 0; i < look_at.count; i++) {
		changed = mend_dependencies(h, u, look_at.elements[i], &look_at) || changed;
		changed = mend_conflicts(h, u, look_at.elements[i]) || changed;
	}
	return changed;
}

void hold_loosen(struct hold *h, struct universe *u)
{
	do
		universe_consider(u, false);
	while (mend(h, u));
}
