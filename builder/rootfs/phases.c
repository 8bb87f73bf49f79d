/* SPDX-License-Identifier: MIT */
#include "rootfs/phases.h"

#include "base/memory.h"
#include "deb/deb.h"
#include "deb/deb822.h"
#include "solve/closure.h"

/* The essential ones are part of the base, and so is all that they depend on. */
static bool is_base(const struct package *p)
{
	return p->role == ROLE_IMAGE && (p->base || p->essential);
}

static int add_package(struct store *s, const struct package *p, struct closure *c, struct err *err)
{
	CLEANUP(text_release) struct text control = { 0 };
	CLEANUP(deb822_stanza_release) struct deb822_stanza stanza = { 0 };
	struct deb822 reader = { .name = p->name, .class = ERR_BUILD };
	struct closure_package *package;
	int r = deb_read_control(s, p, &control, err);

	if (r < 0)
		return r;
	reader.data = control.data;
	reader.size = control.length;
	r = deb822_next(&reader, &stanza, err);
	if (r < 0)
		return r;
	package = closure_add(c, p->name, p->version);
	closure_depends(package, deb822_get(&stanza, "Pre-Depends"));
	closure_depends(package, deb822_get(&stanza, "Depends"));
	closure_provides(package, deb822_get(&stanza, "Provides"));
	return 0;
}

/* All packages of the image, in the order of the lock; taken are the essential ones and what they
 * need. */
static int read_packages(struct store *s, const struct packages *p, struct closure *ret,
			 struct err *err)
{
	for (size_t i = 0; i < p->count; i++) {
		int r;

		if (p->item[i].role != ROLE_IMAGE)
			continue;
		r = add_package(s, &p->item[i], ret, err);
		if (r < 0)
			return r;
	}
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
	CLEANUP(closure_release) struct closure c = { 0 };
	CLEANUP(phases_release) struct phases phases = { 0 };
	cleanup_free const struct package **package =
		xcalloc(lock->packages.count + 1, sizeof(*package));
	size_t count = 0; /* of the image's packages, which are the closure's in the same order */
	int r = read_packages(s, &lock->packages, &c, err);

	if (r < 0)
		return err_wrap(err, "planning the order of the packages");
	for (size_t i = 0; i < lock->packages.count; i++)
		if (lock->packages.item[i].role == ROLE_IMAGE)
			package[count++] = &lock->packages.item[i];
	divide(&c, package, &phases);
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
