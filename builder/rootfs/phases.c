/* SPDX-License-Identifier: MIT */
#include "rootfs/phases.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "deb/deb.h"
#include "deb/deb822.h"
#include "solve/multi-arch.h"

/* The essential ones are part of the base, and so is all that they depend on. */
static bool is_base(const struct package *p)
{
	return p->role == ROLE_IMAGE && (p->base || p->essential);
}

/* The packages of the image, in the order of the names that they have in the closure. */
struct plan {
	struct multi_arch multi_arch;
	struct closure closure;
	const struct package **package;
	size_t count;
};

static void release_plan(struct plan *plan)
{
	closure_release(&plan->closure);
	free(plan->package);
}

static int compare_names(const void *pa, const void *pb, void *data)
{
	const struct package *const *a = pa, *const *b = pb;
	const struct plan *plan = data;
	cleanup_free char *x = multi_arch_name(&plan->multi_arch, (*a)->name, (*a)->architecture);
	cleanup_free char *y = multi_arch_name(&plan->multi_arch, (*b)->name, (*b)->architecture);

	return strcmp(x, y);
}

static void list_packages(const struct packages *p, struct plan *plan)
{
	plan->package = xcalloc(p->count + 1, sizeof(*plan->package));
	for (size_t i = 0; i < p->count; i++)
		if (p->item[i].role == ROLE_IMAGE)
			plan->package[plan->count++] = &p->item[i];
	qsort_r(plan->package, plan->count, sizeof(*plan->package), compare_names, plan);
}

static void add_relations(const struct plan *plan, const struct deb822_stanza *stanza,
			  const struct multi_arch_package *p, struct closure_package *ret)
{
	static const char *const field[] = { "Pre-Depends", "Depends" };
	CLEANUP(text_release) struct text provides = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(field); i++) {
		CLEANUP(text_release) struct text text = { 0 };

		multi_arch_depends(&plan->multi_arch, p, deb822_get(stanza, field[i]), &text);
		closure_depends(ret, text.data);
	}
	multi_arch_provides(&plan->multi_arch, p, &provides);
	closure_provides(ret, provides.data);
}

static int add_package(struct store *s, const struct package *p, struct plan *plan, struct err *err)
{
	CLEANUP(text_release) struct text control = { 0 };
	CLEANUP(deb822_stanza_release) struct deb822_stanza stanza = { 0 };
	cleanup_free char *name = multi_arch_name(&plan->multi_arch, p->name, p->architecture);
	int r = deb_read_control(s, p, &control, err);

	if (r < 0)
		return r;
	r = deb822_first(p->name, ERR_BUILD, &control, &stanza, err);
	if (r < 0)
		return r;
	add_relations(plan, &stanza,
		      &(struct multi_arch_package){
			      .name = p->name,
			      .version = p->version,
			      .architecture = p->architecture,
			      .kind = deb822_get(&stanza, "Multi-Arch"),
			      .provides = deb822_get(&stanza, "Provides"),
		      },
		      closure_add(&plan->closure, name, p->version));
	return 0;
}

static int read_plan(struct store *s, const struct lock *lock, struct plan *plan, struct err *err)
{
	plan->multi_arch =
		(struct multi_arch){ .own = lock->architecture, .foreign = &lock->foreign };
	list_packages(&lock->packages, plan);
	for (size_t i = 0; i < plan->count; i++) {
		int r = add_package(s, plan->package[i], plan, err);

		if (r < 0)
			return r;
	}
	return 0;
}

int phases_closure(struct store *s, const struct lock *lock, struct closure *ret, struct err *err)
{
	CLEANUP(release_plan) struct plan plan = { 0 };
	int r = read_plan(s, lock, &plan, err);

	if (r < 0)
		return r;
	*ret = TAKE(plan.closure);
	return 0;
}

static void add_to(struct phase *phase, const struct package *p, size_t most)
{
	if (!phase->item)
		phase->item = xcalloc(most, sizeof(*phase->item));
	phase->item[phase->count++] = p;
}

/* Scripts that run before their package is unpacked call adduser without a Pre-Depends on it, some
 * with `|| true` behind it; and adduser works only once it is configured. */
static bool is_used_by_preinst(const struct package *p)
{
	return streq(p->name, "adduser");
}

/* Everything else, each behind what it depends on: a script that runs before a package is unpacked
 * finds what its own dependencies and theirs have, as after apt. */
static void add_rest(struct closure *c, const struct package *const *package, struct phase *rest)
{
	cleanup_free size_t *order = xcalloc(c->count + 1, sizeof(*order));

	closure_order(c, order);
	for (size_t i = 0; i < c->count; i++)
		if (!is_base(package[order[i]]) && !c->item[order[i]].taken)
			add_to(rest, package[order[i]], c->count);
}

static void divide(struct closure *c, const struct package *const *package, struct phases *ret)
{
	cleanup_free bool *essential = xcalloc(c->count + 1, sizeof(*essential));

	for (size_t i = 0; i < c->count; i++)
		if (package[i]->essential)
			closure_take(c, i);
	closure_complete(c);
	for (size_t i = 0; i < c->count; i++) {
		essential[i] = c->item[i].taken;
		if (is_used_by_preinst(package[i]))
			closure_take(c, i);
	}
	closure_complete(c);
	for (size_t i = 0; i < c->count; i++) {
		if (essential[i] && is_base(package[i]))
			add_to(&ret->essential, package[i], c->count);
		else if (is_base(package[i]) || c->item[i].taken)
			add_to(&ret->base, package[i], c->count);
	}
	add_rest(c, package, &ret->rest);
}

int phases_plan(struct store *s, const struct lock *lock, struct phases *ret, struct err *err)
{
	CLEANUP(phases_release) struct phases phases = { 0 };
	CLEANUP(release_plan) struct plan plan = { 0 };
	int r = read_plan(s, lock, &plan, err);

	if (r < 0)
		return err_wrap(err, "planning the order of the packages");
	divide(&plan.closure, plan.package, &phases);
	if (phases.essential.count == 0)
		return err_set(err, ERR_BUILD, "the lock has no essential package");
	*ret = TAKE(phases);
	return 0;
}

void phases_release(struct phases *p)
{
	free(p->essential.item);
	free(p->base.item);
	free(p->rest.item);
	*p = (struct phases){ 0 };
}
