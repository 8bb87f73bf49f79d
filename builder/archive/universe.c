/* SPDX-License-Identifier: MIT */
#include "archive/universe.h"

#include <stdlib.h>
#include <string.h>

#include <solv/poolarch.h>
#include <solv/repo.h>
#include <solv/solvable.h>

#include "archive/version.h"
#include "base/memory.h"

void universe_new(struct universe *u, const char *architecture)
{
	*u = (struct universe){ .pool = pool_create(), .architecture = xstrdup(architecture) };
	if (pool_setdisttype(u->pool, DISTTYPE_DEB) < 0)
		abort(); /* a libsolv without Debian's rules cannot be used at all */
	pool_setarch(u->pool, architecture);
}

void universe_release(struct universe *u)
{
	if (u->pool) {
		u->pool->considered = NULL;
		pool_free(u->pool);
	}
	for (size_t i = 0; i < u->source_count; i++)
		free(u->source[i]);
	strv_release(&u->word);
	free(u->source);
	free(u->architecture);
	free(u->fact);
	free(u->sorted);
	map_free(&u->pinned);
	map_free(&u->considered);
	*u = (struct universe){ 0 };
}

const char *universe_name(const struct universe *u, Id p)
{
	return pool_id2str(u->pool, pool_id2solvable(u->pool, p)->name);
}

const char *universe_version(const struct universe *u, Id p)
{
	return pool_id2str(u->pool, pool_id2solvable(u->pool, p)->evr);
}

const struct universe_source *universe_source(const struct universe *u, Id p)
{
	return pool_id2solvable(u->pool, p)->repo->appdata;
}

bool universe_is_local(const struct universe *u, Id p)
{
	return streq(universe_source(u, p)->repository, "local");
}

bool universe_is_archive(const struct universe *u, Id p)
{
	const char *repository = universe_source(u, p)->repository;

	return streq(repository, "") || streq(repository, "security");
}

/* A total order: the last words are the place in the files, which is the same on every machine. */
static int compare_solvables(const void *pa, const void *pb, void *data)
{
	const struct universe *u = data;
	Id a = *(const Id *)pa, b = *(const Id *)pb;
	const Solvable *x = pool_id2solvable(u->pool, a), *y = pool_id2solvable(u->pool, b);
	int r = 0;

	if (x->name != y->name)
		return x->name < y->name ? -1 : 1;
	if (x->evr != y->evr)
		r = version_compare(universe_version(u, b), universe_version(u, a));
	if (r == 0 && x->repo != y->repo)
		r = x->repo->repoid < y->repo->repoid ? -1 : 1;
	if (r == 0 && x->arch != y->arch)
		r = x->arch == u->pool->solvables[b].arch ? 0 : (x->arch == ARCH_ALL ? 1 : -1);
	return r != 0 ? r : (a < b ? -1 : 1);
}

void universe_index(struct universe *u)
{
	const Pool *pool = u->pool;

	u->sorted = xcalloc((size_t)pool->nsolvables, sizeof(*u->sorted));
	u->count = 0;
	for (Id p = 2; p < pool->nsolvables; p++)
		if (pool->solvables[p].repo)
			u->sorted[u->count++] = p;
	qsort_r(u->sorted, u->count, sizeof(*u->sorted), compare_solvables, u);
	map_init(&u->pinned, pool->nsolvables);
	map_init(&u->considered, pool->nsolvables);
	for (size_t i = 0; i < u->count; i++)
		if (universe_is_local(u, u->sorted[i]))
			map_set(&u->pinned, u->sorted[i]);
}

static Id name_at(const struct universe *u, size_t i)
{
	return pool_id2solvable(u->pool, u->sorted[i])->name;
}

size_t universe_named(const struct universe *u, const char *name, const Id **ret_first)
{
	Id id = pool_str2id(u->pool, name, 0);
	size_t low = 0, high = u->count, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (name_at(u, middle) < id)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; id != 0 && end < u->count && name_at(u, end) == id;)
		end++;
	*ret_first = u->sorted + low;
	return end - low;
}

void universe_pin(struct universe *u, Id p)
{
	map_set(&u->pinned, p);
}

bool universe_is_pinned(const struct universe *u, const char *name)
{
	const Id *first;
	size_t count = universe_named(u, name, &first);

	for (size_t i = 0; i < count; i++)
		if (MAPTST(&u->pinned, first[i]))
			return true;
	return false;
}

void universe_unpin(struct universe *u, const char *name)
{
	const Id *first;
	size_t count = universe_named(u, name, &first);

	for (size_t i = 0; i < count; i++)
		u->pinned.map[first[i] >> 3] &= (unsigned char)~(1u << (first[i] & 7));
}

/* [first, end) are of one name. Equal versions are the same package from several places. */
static void consider_name(struct universe *u, size_t first, size_t end, bool all_versions)
{
	bool pinned = false;

	for (size_t i = first; i < end; i++)
		pinned = pinned || MAPTST(&u->pinned, u->sorted[i]);
	for (size_t i = first; i < end; i++) {
		bool same = i > first && version_compare(universe_version(u, u->sorted[i - 1]),
							 universe_version(u, u->sorted[i])) == 0;

		if (pinned ? MAPTST(&u->pinned, u->sorted[i]) != 0
			   : i == first || (all_versions && !same))
			map_set(&u->considered, u->sorted[i]);
	}
}

void universe_consider(struct universe *u, bool all_versions)
{
	size_t end;

	map_empty(&u->considered);
	for (size_t first = 0; first < u->count; first = end) {
		for (end = first + 1; end < u->count && name_at(u, end) == name_at(u, first);)
			end++;
		consider_name(u, first, end, all_versions);
	}
	u->pool->considered = &u->considered;
	pool_createwhatprovides(u->pool);
}

bool universe_provides(const struct universe *u, const char *name)
{
	Id id = pool_str2id(u->pool, name, 0);

	return id != 0 && *pool_whatprovides_ptr(u->pool, id) != 0;
}

void universe_suggest(const struct universe *u, const char *name, struct strv *ret)
{
	cleanup_free const char **names = xcalloc(u->count + 1, sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; i < u->count; i++)
		if (i == 0 || name_at(u, i) != name_at(u, i - 1))
			names[count++] = universe_name(u, u->sorted[i]);
	nearest(name, names, count, 3, ret);
}

void universe_alternatives(const struct universe *u, Id dependency, Queue *ret)
{
	while (ISRELDEP(dependency)) {
		const Reldep *rel = GETRELDEP(u->pool, dependency);

		if (rel->flags != REL_OR)
			break;
		universe_alternatives(u, rel->name, ret);
		dependency = rel->evr;
	}
	queue_push(ret, dependency);
}

static void add_atom_text(const struct universe *u, Id atom, struct text *ret)
{
	static const char *const relation[] = {
		[REL_GT] = ">>", [REL_EQ] = "=",	   [REL_GT | REL_EQ] = ">=",
		[REL_LT] = "<<", [REL_LT | REL_EQ] = "<=",
	};
	const Reldep *rel;

	if (!ISRELDEP(atom)) {
		text_add(ret, pool_id2str(u->pool, atom));
		return;
	}
	rel = GETRELDEP(u->pool, atom);
	add_atom_text(u, rel->name, ret);
	if (rel->flags == REL_MULTIARCH)
		text_printf(ret, ":%s", pool_id2str(u->pool, rel->evr));
	else if (rel->flags > 0 && rel->flags < 7 && relation[rel->flags])
		text_printf(ret, " (%s %s)", relation[rel->flags], pool_id2str(u->pool, rel->evr));
}

void universe_dependency_text(const struct universe *u, Id dependency, struct text *ret)
{
	CLEANUP(queue_free) Queue alternatives = { 0 };

	queue_init(&alternatives);
	universe_alternatives(u, dependency, &alternatives);
	for (int i = 0; i < alternatives.count; i++) {
		text_add(ret, i > 0 ? " | " : "");
		add_atom_text(u, alternatives.elements[i], ret);
	}
}

int universe_package(const struct universe *u, Id p, struct package *ret, struct err *err)
{
	Solvable *s = pool_id2solvable(u->pool, p);
	const struct universe_source *source = universe_source(u, p);
	unsigned int medium;
	const char *path = solvable_lookup_location(s, &medium);
	Id type = 0;
	const char *sha256 = solvable_lookup_checksum(s, SOLVABLE_CHECKSUM, &type);

	if (!path || !sha256 || type != REPOKEY_TYPE_SHA256)
		return err_set(err, ERR_BUILD, "the parsed index has no path or SHA-256 for '%s'",
			       universe_name(u, p));
	ret->path = xstrdup(path);
	memcpy(ret->sha256, sha256, DIGEST_HEX);
	ret->name = xstrdup(universe_name(u, p));
	ret->version = xstrdup(universe_version(u, p));
	ret->architecture = xstrdup(pool_id2str(u->pool, s->arch));
	ret->suite = xstrdup(source->suite);
	ret->component = xstrdup(source->component);
	ret->repository = xstrdup(source->repository);
	ret->size = u->fact[p].size;
	ret->installed_size = solvable_lookup_num(s, SOLVABLE_INSTALLSIZE, 0);
	ret->essential = u->fact[p].essential;
	return 0;
}
