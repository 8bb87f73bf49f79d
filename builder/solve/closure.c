/* SPDX-License-Identifier: MIT */
#include "solve/closure.h"

#include <assert.h>
#include <string.h>

#include "base/memory.h"
#include "deb/version.h"

/* One alternative of a dependency, or one name that is provided: "libc6:any (>= 2.41)". */
struct relation {
	char *name;
	char *operator; /* "" if it has no version */
	char *version;
};

static void release_relation(struct relation *r)
{
	free(r->name);
	free(r->operator);
	free(r->version);
}

/* As Debian Policy 7.1 has them. The text was judged when the set was made; here, an operator that
 * is not known is never fulfilled. */
static void parse_relation(const char *text, struct relation *ret)
{
	const char *bracket = strchr(text, '(');
	const char *operator;
	size_t length;

	text += strspn(text, " \t\n");
	ret->name = xstrndup(text, strcspn(text, " \t\n:(["));
	if (!bracket) {
		ret->operator= xstrdup("");
		ret->version = xstrdup("");
		return;
	}
	operator= bracket + 1 + strspn(bracket + 1, " \t\n");
	length = strspn(operator, "<>=");
	ret->operator= xstrndup(operator, length);
	operator+= length;
	operator+= strspn(operator, " \t\n");
	ret->version = xstrndup(operator, strcspn(operator, " \t\n)"));
}

static bool version_fits(const char *have, const struct relation *wanted)
{
	const int order = version_compare(have, wanted->version);
	const char *operator= wanted->operator;

	if (streq(operator, "="))
		return order == 0;
	if (streq(operator, ">="))
		return order >= 0;
	if (streq(operator, "<="))
		return order <= 0;
	if (streq(operator, ">>"))
		return order > 0;
	return streq(operator, "<<") && order < 0;
}

static bool is_called(const struct closure_package *p, const struct relation *wanted)
{
	return streq(p->name, wanted->name) &&
	       (!*wanted->operator|| version_fits(p->version, wanted));
}

static bool provides(const struct closure_package *p, const struct relation *wanted)
{
	bool found = false;

	for (size_t i = 0; i < p->provides.count && !found; i++) {
		CLEANUP(release_relation) struct relation offer = { 0 };

		parse_relation(p->provides.item[i], &offer);
		found = streq(offer.name, wanted->name) &&
			(!*wanted->operator||(streq(offer.operator, "=") &&
					      version_fits(offer.version, wanted)));
	}
	return found;
}

static bool take_alternative(struct closure *c, const char *alternative)
{
	CLEANUP(release_relation) struct relation wanted = { 0 };

	parse_relation(alternative, &wanted);
	for (size_t i = 0; i < c->count; i++)
		if (is_called(&c->item[i], &wanted)) {
			closure_take(c, i);
			return true;
		}
	for (size_t i = 0; i < c->count; i++)
		if (provides(&c->item[i], &wanted)) {
			closure_take(c, i);
			return true;
		}
	return false;
}

struct closure_package *closure_add(struct closure *c, const char *name, const char *version)
{
	assert(c->count == 0 || strcmp(c->item[c->count - 1].name, name) <= 0);
	GROW(c->item, c->count, c->allocated);
	c->item[c->count] = (struct closure_package){
		.name = xstrdup(name),
		.version = xstrdup(version),
	};
	return &c->item[c->count++];
}

void closure_depends(struct closure_package *p, const char *field)
{
	if (field)
		strv_split(&p->depends, field, ",");
}

void closure_provides(struct closure_package *p, const char *field)
{
	if (field)
		strv_split(&p->provides, field, ",");
}

void closure_take(struct closure *c, size_t i)
{
	if (c->item[i].taken)
		return;
	c->item[i].taken = true;
	GROW(c->pending, c->pending_count, c->pending_allocated);
	c->pending[c->pending_count++] = i;
}

void closure_take_target(struct closure *c, const char *dependency)
{
	CLEANUP(strv_release) struct strv alternative = { 0 };

	strv_split(&alternative, dependency, "|");
	for (size_t i = 0; i < alternative.count; i++)
		if (take_alternative(c, alternative.item[i]))
			return;
}

void closure_complete(struct closure *c)
{
	while (c->pending_count > 0) {
		const struct strv *depends = &c->item[c->pending[--c->pending_count]].depends;

		for (size_t i = 0; i < depends->count; i++)
			closure_take_target(c, depends->item[i]);
	}
}

void closure_release(struct closure *c)
{
	for (size_t i = 0; i < c->count; i++) {
		free(c->item[i].name);
		free(c->item[i].version);
		strv_release(&c->item[i].depends);
		strv_release(&c->item[i].provides);
	}
	free(c->item);
	free(c->pending);
	*c = (struct closure){ 0 };
}
