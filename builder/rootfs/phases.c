/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "deb/deb822.h"
#include "base/memory.h"
#include "rootfs/bootstrap.h"
#include "deb/deb.h"

/* One package of the base, as its control file has it. */
struct relations {
	struct strv need;    /* "a (>= 1) | b": one alternative group each */
	struct strv provide; /* names */
};

struct closure {
	const struct packages *packages;
	struct relations *relations; /* like packages->item */
	bool *member;
	size_t *todo;
	size_t todo_count;
};

/* The name a relation begins with: "libc6:amd64 (>= 2.3)" -> "libc6". Caller frees. */
static char *relation_name(const char *relation)
{
	relation += strspn(relation, " \t\n");
	return xstrndup(relation, strcspn(relation, " \t\n:(["));
}

static int read_relations(struct store *s, const struct package *p, struct relations *ret,
			  struct err *err)
{
	CLEANUP(text_release) struct text control = { 0 };
	CLEANUP(deb822_stanza_release) struct deb822_stanza stanza = { 0 };
	CLEANUP(strv_release) struct strv provide = { 0 };
	struct deb822 reader = { .name = p->name, .class = ERR_BUILD };
	const char *value;
	int r = deb_read_control(s, p, &control, err);

	if (r < 0)
		return r;
	reader.data = control.data;
	reader.size = control.length;
	r = deb822_next(&reader, &stanza, err);
	if (r < 0)
		return r;
	if (r == 0)
		return err_set(err, ERR_BUILD, "package '%s': empty control file", p->name);
	if ((value = deb822_get(&stanza, "Pre-Depends")))
		strv_split(&ret->need, value, ",");
	if ((value = deb822_get(&stanza, "Depends")))
		strv_split(&ret->need, value, ",");
	if ((value = deb822_get(&stanza, "Provides")))
		strv_split(&provide, value, ",");
	for (size_t i = 0; i < provide.count; i++)
		strv_add_take(&ret->provide, relation_name(provide.item[i]));
	return 0;
}

static void release_closure(struct closure *c)
{
	for (size_t i = 0; c->relations && i < c->packages->count; i++) {
		strv_release(&c->relations[i].need);
		strv_release(&c->relations[i].provide);
	}
	free(c->relations);
	free(c->member);
	free(c->todo);
}

static void add_member(struct closure *c, size_t i)
{
	if (c->member[i])
		return;
	c->member[i] = true;
	c->todo[c->todo_count++] = i;
}

static bool is_base(const struct package *p)
{
	return p->role == ROLE_IMAGE && (p->base || p->essential);
}

/* The package of that name, else the first that provides it, within the base; true if there is one.
 */
static bool add_name(struct closure *c, const char *name)
{
	const struct package *p = packages_find(c->packages, name, ROLE_IMAGE);

	if (p && is_base(p)) {
		add_member(c, (size_t)(p - c->packages->item));
		return true;
	}
	for (size_t i = 0; i < c->packages->count; i++) {
		if (!strv_has(&c->relations[i].provide, name))
			continue;
		add_member(c, i);
		return true;
	}
	return false;
}

/* The first alternative that is there: the solver has seen to it that one is. */
static void add_group(struct closure *c, const char *group)
{
	CLEANUP(strv_release) struct strv alternative = { 0 };

	strv_split(&alternative, group, "|");
	for (size_t i = 0; i < alternative.count; i++) {
		cleanup_free char *name = relation_name(alternative.item[i]);

		if (add_name(c, name))
			return;
	}
}

static int close_essential(struct store *s, struct closure *c, struct err *err)
{
	const struct packages *p = c->packages;

	c->relations = xcalloc(p->count + 1, sizeof(*c->relations));
	c->member = xcalloc(p->count + 1, sizeof(*c->member));
	c->todo = xcalloc(p->count + 1, sizeof(*c->todo));
	for (size_t i = 0; i < p->count; i++) {
		int r = 0;

		if (is_base(&p->item[i]))
			r = read_relations(s, &p->item[i], &c->relations[i], err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < p->count; i++)
		if (p->item[i].role == ROLE_IMAGE && p->item[i].essential)
			add_member(c, i);
	while (c->todo_count > 0) {
		const struct relations *relations = &c->relations[c->todo[--c->todo_count]];

		for (size_t i = 0; i < relations->need.count; i++)
			add_group(c, relations->need.item[i]);
	}
	return 0;
}

static void add_package(struct phase *phase, const struct package *p, size_t most)
{
	if (!phase->item)
		phase->item = xcalloc(most, sizeof(*phase->item));
	phase->item[phase->count++] = p;
}

int phases_plan(struct store *s, const struct lock *lock, struct phases *ret, struct err *err)
{
	CLEANUP(release_closure) struct closure c = { .packages = &lock->packages };
	int r = close_essential(s, &c, err);

	if (r < 0)
		return err_wrap(err, "finding out what is essential");
	for (size_t i = 0; i < lock->packages.count; i++) {
		const struct package *p = &lock->packages.item[i];

		if (p->role != ROLE_IMAGE)
			continue;
		add_package(c.member[i] ? &ret->essential
			    : p->base	? &ret->base
					: &ret->rest,
			    p, lock->packages.count);
	}
	if (!ret->essential.count)
		return err_set(err, ERR_BUILD, "the lock holds no essential package");
	return 0;
}

void phases_release(struct phases *p)
{
	free(p->essential.item);
	free(p->base.item);
	free(p->rest.item);
	*p = (struct phases){ 0 };
}
