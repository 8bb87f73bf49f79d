/* SPDX-License-Identifier: MIT */
#include "solve/solver-pool.h"

#include <stdlib.h>
#include <string.h>

#include <solv/poolarch.h>
#include <solv/repo.h>
#include <solv/solvable.h>

#include "deb/version.h"
#include "base/memory.h"

void solver_pool_new(struct solver_pool *pool, const char *architecture)
{
	*pool = (struct solver_pool){ .solv = pool_create(),
				      .architecture = xstrdup(architecture) };
	if (pool_setdisttype(pool->solv, DISTTYPE_DEB) < 0)
		abort(); /* a libsolv without Debian's rules cannot be used at all */
	pool_setarch(pool->solv, architecture);
}

/* libsolv has to know them as well, or it takes their packages for such as cannot be installed. */
void solver_pool_set_foreign(struct solver_pool *pool, const struct recipe_list *architectures)
{
	CLEANUP(text_release) struct text policy = { 0 };

	if (architectures->count == 0)
		return;
	text_add(&policy, pool->architecture);
	for (size_t i = 0; i < architectures->count; i++) {
		strv_add(&pool->foreign, architectures->item[i].value);
		text_printf(&policy, ":%s", architectures->item[i].value);
	}
	pool_setarchpolicy(pool->solv, policy.data);
}

struct multi_arch solver_pool_multi_arch(const struct solver_pool *pool)
{
	return (struct multi_arch){ .own = pool->architecture, .foreign = &pool->foreign };
}

void solver_pool_release(struct solver_pool *pool)
{
	if (pool->solv) {
		pool->solv->considered = NULL;
		pool_free(pool->solv);
	}
	for (size_t i = 0; i < pool->source_count; i++)
		free(pool->source[i]);
	strv_release(&pool->word);
	strv_release(&pool->foreign);
	skipped_packages_release(&pool->skipped);
	free(pool->source);
	free(pool->architecture);
	free(pool->fact);
	free(pool->priority);
	free(pool->sorted);
	map_free(&pool->pinned);
	map_free(&pool->considered);
	*pool = (struct solver_pool){ 0 };
}

const char *solver_pool_name(const struct solver_pool *pool, Id p)
{
	return pool_id2str(pool->solv, pool_id2solvable(pool->solv, p)->name);
}

const char *solver_pool_version(const struct solver_pool *pool, Id p)
{
	return pool_id2str(pool->solv, pool_id2solvable(pool->solv, p)->evr);
}

const struct solver_source *solver_pool_source(const struct solver_pool *pool, Id p)
{
	return pool_id2solvable(pool->solv, p)->repo->appdata;
}

bool solver_pool_is_local(const struct solver_pool *pool, Id p)
{
	return streq(solver_pool_source(pool, p)->repository, "local");
}

bool solver_pool_is_archive(const struct solver_pool *pool, Id p)
{
	const char *repository = solver_pool_source(pool, p)->repository;

	return streq(repository, "") || streq(repository, "security");
}

/* A total order: at last the place in the files decides, which is the same on every machine. */
static int compare_solvables(const void *pa, const void *pb, void *data)
{
	const struct solver_pool *pool = data;
	Id a = *(const Id *)pa, b = *(const Id *)pb;
	const Solvable *x = pool_id2solvable(pool->solv, a), *y = pool_id2solvable(pool->solv, b);
	int r = 0;

	if (x->name != y->name)
		return x->name < y->name ? -1 : 1;
	if (pool->priority[a] != pool->priority[b])
		return pool->priority[a] > pool->priority[b] ? -1 : 1;
	if (x->evr != y->evr)
		r = version_compare(solver_pool_version(pool, b), solver_pool_version(pool, a));
	if (r == 0 && x->repo != y->repo)
		r = solver_pool_source(pool, b)->pin_priority -
		    solver_pool_source(pool, a)->pin_priority;
	if (r == 0 && x->repo != y->repo)
		r = x->repo->repoid < y->repo->repoid ? -1 : 1;
	if (r == 0 && x->arch != y->arch)
		r = x->arch == pool->solv->solvables[b].arch ? 0 : (x->arch == ARCH_ALL ? 1 : -1);
	return r != 0 ? r : (a < b ? -1 : 1);
}

void solver_pool_sort(struct solver_pool *pool)
{
	qsort_r(pool->sorted, pool->count, sizeof(*pool->sorted), compare_solvables, pool);
}

void solver_pool_index(struct solver_pool *pool)
{
	const Pool *solv = pool->solv;

	pool->sorted = xcalloc((size_t)solv->nsolvables, sizeof(*pool->sorted));
	pool->priority = xcalloc((size_t)solv->nsolvables, sizeof(*pool->priority));
	pool->count = 0;
	for (Id p = 2; p < solv->nsolvables; p++) {
		if (!solv->solvables[p].repo)
			continue;
		pool->sorted[pool->count++] = p;
		pool->priority[p] = solver_pool_source(pool, p)->pin_priority;
	}
	solver_pool_sort(pool);
	map_init(&pool->pinned, solv->nsolvables);
	map_init(&pool->considered, solv->nsolvables);
	for (size_t i = 0; i < pool->count; i++)
		if (solver_pool_is_local(pool, pool->sorted[i]))
			map_set(&pool->pinned, pool->sorted[i]);
}

static Id name_at(const struct solver_pool *pool, size_t i)
{
	return pool_id2solvable(pool->solv, pool->sorted[i])->name;
}

size_t solver_pool_named(const struct solver_pool *pool, const char *name, const Id **ret_first)
{
	Id id = pool_str2id(pool->solv, name, 0);
	size_t low = 0, high = pool->count, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (name_at(pool, middle) < id)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; id != 0 && end < pool->count && name_at(pool, end) == id;)
		end++;
	*ret_first = pool->sorted + low;
	return end - low;
}

void solver_pool_pin(struct solver_pool *pool, Id p)
{
	map_set(&pool->pinned, p);
}

bool solver_pool_is_pinned(const struct solver_pool *pool, const char *name)
{
	const Id *first;
	size_t count = solver_pool_named(pool, name, &first);

	for (size_t i = 0; i < count; i++)
		if (MAPTST(&pool->pinned, first[i]))
			return true;
	return false;
}

void solver_pool_unpin_one(struct solver_pool *pool, Id p)
{
	pool->pinned.map[p >> 3] &= (unsigned char)~(1u << (p & 7));
}

void solver_pool_unpin(struct solver_pool *pool, const char *name)
{
	const Id *first;
	size_t count = solver_pool_named(pool, name, &first);

	for (size_t i = 0; i < count; i++)
		solver_pool_unpin_one(pool, first[i]);
}

/* Equal versions are one package from several places. */
static bool has_version_before(const struct solver_pool *pool, size_t first, size_t i)
{
	const char *version = solver_pool_version(pool, pool->sorted[i]);

	for (size_t k = first; k < i; k++)
		if (version_compare(solver_pool_version(pool, pool->sorted[k]), version) == 0)
			return true;
	return false;
}

/* Those from first to before end have one name. */
static void consider_name(struct solver_pool *pool, size_t first, size_t end, bool all_versions)
{
	bool pinned = false;

	for (size_t i = first; i < end; i++)
		pinned = pinned || MAPTST(&pool->pinned, pool->sorted[i]);
	for (size_t i = first; i < end; i++) {
		bool same = has_version_before(pool, first, i);
		bool allowed = pool->priority[pool->sorted[i]] > 0;

		if (pinned ? MAPTST(&pool->pinned, pool->sorted[i]) != 0
			   : allowed && (i == first || (all_versions && !same)))
			map_set(&pool->considered, pool->sorted[i]);
	}
}

void solver_pool_consider(struct solver_pool *pool, bool all_versions)
{
	size_t end;

	map_empty(&pool->considered);
	for (size_t first = 0; first < pool->count; first = end) {
		for (end = first + 1;
		     end < pool->count && name_at(pool, end) == name_at(pool, first);)
			end++;
		consider_name(pool, first, end, all_versions);
	}
	pool->solv->considered = &pool->considered;
	pool_createwhatprovides(pool->solv);
}

bool solver_pool_provides(const struct solver_pool *pool, const char *name)
{
	Id id = pool_str2id(pool->solv, name, 0);

	return id != 0 && *pool_whatprovides_ptr(pool->solv, id) != 0;
}

bool solver_pool_has_candidate(const struct solver_pool *pool, const char *name)
{
	const Id *first;

	return solver_pool_named(pool, name, &first) > 0 &&
	       (pool->priority[*first] > 0 || solver_pool_is_pinned(pool, name));
}

void solver_pool_suggest(const struct solver_pool *pool, const char *name, struct strv *ret)
{
	cleanup_free const char **names = xcalloc(pool->count + 1, sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; i < pool->count; i++)
		if (i == 0 || name_at(pool, i) != name_at(pool, i - 1))
			names[count++] = solver_pool_name(pool, pool->sorted[i]);
	nearest(name, names, count, 3, ret);
}

void solver_pool_alternatives(const struct solver_pool *pool, Id dependency, Queue *ret)
{
	while (ISRELDEP(dependency)) {
		const Reldep *rel = GETRELDEP(pool->solv, dependency);

		if (rel->flags != REL_OR)
			break;
		solver_pool_alternatives(pool, rel->name, ret);
		dependency = rel->evr;
	}
	queue_push(ret, dependency);
}

static void add_atom_text(const struct solver_pool *pool, Id atom, struct text *ret)
{
	static const char *const relation[] = {
		[REL_GT] = ">>", [REL_EQ] = "=",	   [REL_GT | REL_EQ] = ">=",
		[REL_LT] = "<<", [REL_LT | REL_EQ] = "<=",
	};
	const Reldep *rel;

	if (!ISRELDEP(atom)) {
		multi_arch_text(pool_id2str(pool->solv, atom), ret);
		return;
	}
	rel = GETRELDEP(pool->solv, atom);
	add_atom_text(pool, rel->name, ret);
	if (rel->flags == REL_MULTIARCH)
		text_printf(ret, ":%s", pool_id2str(pool->solv, rel->evr));
	else if (rel->flags > 0 && rel->flags < 7 && relation[rel->flags])
		text_printf(ret, " (%s %s)", relation[rel->flags],
			    pool_id2str(pool->solv, rel->evr));
}

void solver_pool_dependency_text(const struct solver_pool *pool, Id dependency, struct text *ret)
{
	CLEANUP(queue_free) Queue atoms = { 0 };

	queue_init(&atoms);
	solver_pool_alternatives(pool, dependency, &atoms);
	for (int i = 0; i < atoms.count; i++) {
		text_add(ret, i > 0 ? " | " : "");
		add_atom_text(pool, atoms.elements[i], ret);
	}
}

int solver_pool_package(const struct solver_pool *pool, Id p, struct package *ret, struct err *err)
{
	Solvable *s = pool_id2solvable(pool->solv, p);
	const struct solver_source *source = solver_pool_source(pool, p);
	unsigned int medium;
	const char *path = solvable_lookup_location(s, &medium);
	Id type = 0;
	const char *sha256 = solvable_lookup_checksum(s, SOLVABLE_CHECKSUM, &type);

	if (!path || !sha256 || type != REPOKEY_TYPE_SHA256)
		return err_set(err, ERR_BUILD, "the parsed index has no path or SHA-256 for '%s'",
			       solver_pool_name(pool, p));
	ret->path = xstrdup(path);
	memcpy(ret->sha256, sha256, DIGEST_HEX);
	ret->name = xstrndup(solver_pool_name(pool, p), strcspn(solver_pool_name(pool, p), ":"));
	ret->version = xstrdup(solver_pool_version(pool, p));
	ret->architecture = xstrdup(pool_id2str(pool->solv, s->arch));
	ret->suite = xstrdup(source->suite);
	ret->component = xstrdup(source->component);
	ret->repository = xstrdup(source->repository);
	ret->size = pool->fact[p].size;
	ret->installed_size = solvable_lookup_num(s, SOLVABLE_INSTALLSIZE, 0);
	ret->essential = pool->fact[p].essential;
	return 0;
}
