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

static int find_essential(struct store *s, const struct packages *p, struct closure *ret,
			  struct err *err)
{
	for (size_t i = 0; i < p->count; i++) {
		int r;

		if (!is_base(&p->item[i]))
			continue;
		r = add_package(s, &p->item[i], ret, err);
		if (r < 0)
			return r;
		if (p->item[i].essential)
			closure_take(ret, ret->count - 1);
	}
	closure_complete(ret);
	return 0;
}

static void add_to(struct phase *phase, const struct package *p, size_t most)
{
	if (!phase->item)
		phase->item = xcalloc(most, sizeof(*phase->item));
	phase->item[phase->count++] = p;
}

int phases_plan(struct store *s, const struct lock *lock, struct phases *ret, struct err *err)
{
	CLEANUP(closure_release) struct closure essential = { 0 };
	CLEANUP(phases_release) struct phases phases = { 0 };
	size_t next = 0; /* of the closure's packages, which are the base's in the same order */
	int r = find_essential(s, &lock->packages, &essential, err);

	if (r < 0)
		return err_wrap(err, "finding out what is essential");
	for (size_t i = 0; i < lock->packages.count; i++) {
		const struct package *p = &lock->packages.item[i];
		struct phase *phase = &phases.rest;

		if (p->role != ROLE_IMAGE)
			continue;
		if (is_base(p))
			phase = essential.item[next++].taken ? &phases.essential : &phases.base;
		add_to(phase, p, lock->packages.count);
	}
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
