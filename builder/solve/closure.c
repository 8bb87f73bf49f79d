/* SPDX-License-Identifier: MIT */
#include "solve/closure.h"

#include <assert.h>
#include <stdlib.h>
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
	ret->name = xstrndup(text, strcspn(text, " \t\n(["));
	if (ends_with(ret->name, ":any"))
		ret->name[strlen(ret->name) - strlen(":any")] = '\0';
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

static bool offer_fits(const struct closure *c, const struct closure_offer *offer,
		       const struct relation *wanted)
{
	CLEANUP(release_relation) struct relation given = { 0 };

	if (!*wanted->operator)
		return true;
	parse_relation(c->item[offer->package].provides.item[offer->relation], &given);
	return streq(given.operator, "=") && version_fits(given.version, wanted);
}

static int compare_offers(const void *pa, const void *pb)
{
	const struct closure_offer *a = pa, *b = pb;
	int r = strcmp(a->name, b->name);

	if (r == 0 && a->package != b->package)
		r = a->package < b->package ? -1 : 1;
	if (r == 0 && a->relation != b->relation)
		r = a->relation < b->relation ? -1 : 1;
	return r;
}

/* By name, then in the order of the packages. */
static void index_offers(struct closure *c)
{
	size_t allocated = 0;

	c->complete = true;
	for (size_t i = 0; i < c->count; i++)
		for (size_t k = 0; k < c->item[i].provides.count; k++) {
			struct relation given = { 0 };

			parse_relation(c->item[i].provides.item[k], &given);
			GROW(c->offer, c->offer_count, allocated);
			c->offer[c->offer_count++] =
				(struct closure_offer){ take_ptr(given.name), i, k };
			release_relation(&given);
		}
	if (c->offer_count > 0)
		qsort(c->offer, c->offer_count, sizeof(*c->offer), compare_offers);
}

/* Where the first of that name is, or would be, in a sorted array whose elements begin with their
 * name. */
static size_t first_named(const void *array, size_t count, size_t size, const char *name)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *const *at = (const void *)((const char *)array + middle * size);

		if (strcmp(*at, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The package that fulfils one alternative; c->count: none. */
static size_t find_alternative(struct closure *c, const char *alternative)
{
	CLEANUP(release_relation) struct relation wanted = { 0 };

	if (!c->complete)
		index_offers(c);
	parse_relation(alternative, &wanted);
	for (size_t i = first_named(c->item, c->count, sizeof(*c->item), wanted.name);
	     i < c->count && streq(c->item[i].name, wanted.name); i++)
		if (is_called(&c->item[i], &wanted))
			return i;
	for (size_t i = first_named(c->offer, c->offer_count, sizeof(*c->offer), wanted.name);
	     i < c->offer_count && streq(c->offer[i].name, wanted.name); i++)
		if (offer_fits(c, &c->offer[i], &wanted))
			return c->offer[i].package;
	return c->count;
}

/* The package that fulfils a dependency; c->count: none. */
static size_t find_target(struct closure *c, const char *dependency)
{
	CLEANUP(strv_release) struct strv alternative = { 0 };
	size_t target = c->count;

	strv_split(&alternative, dependency, "|");
	for (size_t i = 0; i < alternative.count && target == c->count; i++)
		target = find_alternative(c, alternative.item[i]);
	return target;
}

struct closure_package *closure_add(struct closure *c, const char *name, const char *version)
{
	assert(!c->complete);
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
	size_t target = find_target(c, dependency);

	if (target < c->count)
		closure_take(c, target);
}

void closure_complete(struct closure *c)
{
	while (c->pending_count > 0) {
		const struct strv *depends = &c->item[c->pending[--c->pending_count]].depends;

		for (size_t i = 0; i < depends->count; i++)
			closure_take_target(c, depends->item[i]);
	}
}

/* A package on the way from the one that the walk began with, and how far its dependencies are
 * done. */
struct step {
	size_t package;
	size_t next;
};

/* Depth first, without recursion: chains of dependencies have no limit. */
static void order_from(struct closure *c, size_t start, bool *seen, size_t *ret, size_t *count)
{
	cleanup_free struct step *step = xcalloc(c->count, sizeof(*step));
	size_t depth = 1;

	step[0].package = start;
	seen[start] = true;
	while (depth > 0) {
		struct step *last = &step[depth - 1];
		const struct strv *depends = &c->item[last->package].depends;
		size_t target;

		if (last->next == depends->count) {
			ret[(*count)++] = last->package;
			depth--;
			continue;
		}
		target = find_target(c, depends->item[last->next++]);
		if (target == c->count || seen[target])
			continue;
		seen[target] = true;
		step[depth++] = (struct step){ .package = target };
	}
}

void closure_order(struct closure *c, size_t *ret)
{
	cleanup_free bool *seen = xcalloc(c->count + 1, sizeof(*seen));
	size_t count = 0;

	for (size_t i = 0; i < c->count; i++)
		if (!seen[i])
			order_from(c, i, seen, ret, &count);
}

void closure_release(struct closure *c)
{
	for (size_t i = 0; i < c->count; i++) {
		free(c->item[i].name);
		free(c->item[i].version);
		strv_release(&c->item[i].depends);
		strv_release(&c->item[i].provides);
	}
	for (size_t i = 0; i < c->offer_count; i++)
		free(c->offer[i].name);
	free(c->item);
	free(c->offer);
	free(c->pending);
	*c = (struct closure){ 0 };
}
