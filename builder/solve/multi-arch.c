/* SPDX-License-Identifier: MIT */
#include "solve/multi-arch.h"

#include <string.h>
#include <strings.h>

#include "base/memory.h"

/* Upper case, which no architecture has. */
#define ANY ":ANY"
#define SET ":SET"

bool multi_arch_is_foreign(const struct multi_arch *m, const char *architecture)
{
	return strv_has(m->foreign, architecture);
}

static bool is_alone(const struct multi_arch *m)
{
	return m->foreign->count == 0;
}

static bool is_kind(const struct multi_arch_package *p, const char *kind)
{
	return p->kind && strcasecmp(p->kind, kind) == 0;
}

char *multi_arch_name(const struct multi_arch *m, const char *name, const char *architecture)
{
	return multi_arch_is_foreign(m, architecture) ? xasprintf("%s:%s", name, architecture)
						      : xstrdup(name);
}

/* One alternative of a relation: "libc6:any (>= 2.41)". */
struct atom {
	char *name;
	char *qualifier; /* "any", or "" */
	char *rest;	 /* "(>= 2.41)", or "" */
};

static void release_atom(struct atom *atom)
{
	free(atom->name);
	free(atom->qualifier);
	free(atom->rest);
}

/* The name ends where a blank or a bracket begins. */
static void parse_atom(const char *text, struct atom *ret)
{
	size_t end, colon;

	text += strspn(text, " \t\n");
	end = strcspn(text, " \t\n(");
	colon = strcspn(text, ":");
	if (colon > end)
		colon = end;
	ret->name = xstrndup(text, colon);
	ret->qualifier = xstrndup(text + colon + (colon < end), end - colon - (colon < end));
	text += end;
	ret->rest = xstrdup(text + strspn(text, " \t\n"));
	for (size_t n = strlen(ret->rest); n > 0 && strchr(" \t\n", ret->rest[n - 1]);)
		ret->rest[--n] = '\0';
}

static void add_atom(const char *name, const struct atom *atom, struct text *ret)
{
	text_printf(ret, "%s%s%s", name, *atom->rest ? " " : "", atom->rest);
}

/* What a package of that architecture means by a name. */
static char *meant(const struct multi_arch *m, const char *architecture, const struct atom *atom)
{
	const char *qualifier = atom->qualifier;

	if (*qualifier == '\0')
		return multi_arch_name(m, atom->name, architecture);
	if (streq(qualifier, "native") || streq(qualifier, m->own))
		return xstrdup(atom->name);
	if (streq(qualifier, "any") && !is_alone(m))
		return xasprintf("%s" ANY, atom->name);
	return xasprintf("%s:%s", atom->name, qualifier);
}

static void add_alternatives(const struct multi_arch *m, const char *architecture,
			     const char *dependency, struct text *ret)
{
	CLEANUP(strv_release) struct strv alternative = { 0 };

	strv_split(&alternative, dependency, "|");
	for (size_t i = 0; i < alternative.count; i++) {
		CLEANUP(release_atom) struct atom atom = { 0 };
		cleanup_free char *name = NULL;

		parse_atom(alternative.item[i], &atom);
		name = meant(m, architecture, &atom);
		text_add(ret, i > 0 ? " | " : "");
		add_atom(name, &atom, ret);
	}
}

static void begin_item(size_t start, struct text *ret)
{
	text_add(ret, ret->length > start ? ", " : "");
}

void multi_arch_depends(const struct multi_arch *m, const struct multi_arch_package *p,
			const char *field, struct text *ret)
{
	CLEANUP(strv_release) struct strv item = { 0 };
	size_t start = ret->length;

	strv_split(&item, field ? field : "", ",");
	for (size_t i = 0; i < item.count; i++) {
		begin_item(start, ret);
		add_alternatives(m, p->architecture, item.item[i], ret);
	}
}

/* The name as packages of every architecture see it. self: without the package's own, which it has
 * anyway. */
static void add_for_all(const struct multi_arch *m, const struct multi_arch_package *p,
			const struct atom *atom, bool self, size_t start, struct text *ret)
{
	for (size_t i = 0; i <= m->foreign->count; i++) {
		const char *architecture = i == 0 ? m->own : m->foreign->item[i - 1];
		cleanup_free char *name = multi_arch_name(m, atom->name, architecture);
		bool own = multi_arch_is_foreign(m, p->architecture)
				   ? streq(architecture, p->architecture)
				   : i == 0;

		if (own && !self)
			continue;
		begin_item(start, ret);
		add_atom(name, atom, ret);
	}
}

static void add_provided(const struct multi_arch *m, const struct multi_arch_package *p,
			 const struct atom *atom, size_t start, struct text *ret)
{
	cleanup_free char *name = NULL;

	if (*atom->qualifier == '\0' && is_kind(p, "foreign")) {
		add_for_all(m, p, atom, true, start, ret);
		return;
	}
	name = meant(m, p->architecture, atom);
	begin_item(start, ret);
	add_atom(name, atom, ret);
	if (*atom->qualifier != '\0' || !is_kind(p, "allowed") || is_alone(m))
		return;
	text_printf(ret, ", %s" ANY "%s%s", atom->name, *atom->rest ? " " : "", atom->rest);
}

void multi_arch_provides(const struct multi_arch *m, const struct multi_arch_package *p,
			 struct text *ret)
{
	CLEANUP(strv_release) struct strv item = { 0 };
	cleanup_free char *name = xstrdup(p->name);
	cleanup_free char *version = xasprintf("(= %s)", p->version);
	char nothing[] = "";
	const struct atom self = { .name = name, .qualifier = nothing, .rest = version };
	size_t start = ret->length;

	strv_split(&item, p->provides ? p->provides : "", ",");
	for (size_t i = 0; i < item.count; i++) {
		CLEANUP(release_atom) struct atom atom = { 0 };

		parse_atom(item.item[i], &atom);
		add_provided(m, p, &atom, start, ret);
	}
	if (is_alone(m))
		return;
	begin_item(start, ret);
	text_printf(ret, "%s" SET " %s", p->name, version);
	if (is_kind(p, "allowed"))
		text_printf(ret, ", %s" ANY " %s", p->name, version);
	if (is_kind(p, "foreign"))
		add_for_all(m, p, &self, false, start, ret);
}

/* dpkg lets no package conflict with one of its own name, whatever the architecture; so what a
 * package conflicts with and provides itself is looked for in its own architecture only, where the
 * solver knows that it is the same. */
static bool provides_itself(const struct multi_arch_package *p, const char *name)
{
	CLEANUP(strv_release) struct strv item = { 0 };
	bool found = streq(p->name, name);

	strv_split(&item, p->provides ? p->provides : "", ",");
	for (size_t i = 0; i < item.count && !found; i++) {
		CLEANUP(release_atom) struct atom atom = { 0 };

		parse_atom(item.item[i], &atom);
		found = streq(atom.name, name);
	}
	return found;
}

void multi_arch_conflicts(const struct multi_arch *m, const struct multi_arch_package *p,
			  const char *field, struct text *ret)
{
	CLEANUP(strv_release) struct strv item = { 0 };
	size_t start = ret->length;

	strv_split(&item, field ? field : "", ",");
	for (size_t i = 0; i < item.count; i++) {
		CLEANUP(release_atom) struct atom atom = { 0 };
		cleanup_free char *name = NULL;
		bool everywhere;

		parse_atom(item.item[i], &atom);
		everywhere =
			!is_alone(m) && (*atom.qualifier == '\0' || streq(atom.qualifier, "any"));
		if (everywhere && !provides_itself(p, atom.name)) {
			add_for_all(m, p, &atom, true, start, ret);
			continue;
		}
		name = meant(m, p->architecture, &atom);
		begin_item(start, ret);
		add_atom(name, &atom, ret);
	}
}

void multi_arch_rivals(const struct multi_arch *m, const struct multi_arch_package *p,
		       struct text *ret)
{
	if (is_alone(m))
		return;
	if (is_kind(p, "same"))
		text_printf(ret, "%s" SET " (<< %s), %s" SET " (>> %s)", p->name, p->version,
			    p->name, p->version);
	else
		text_printf(ret, "%s" SET, p->name);
}

bool multi_arch_is_set(const char *name)
{
	return ends_with(name, SET);
}

void multi_arch_text(const char *name, struct text *ret)
{
	size_t length = strlen(name);

	if (ends_with(name, ANY))
		text_printf(ret, "%.*s:any", (int)(length - strlen(ANY)), name);
	else if (multi_arch_is_set(name))
		text_append(ret, name, length - strlen(SET));
	else
		text_add(ret, name);
}
