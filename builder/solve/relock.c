/* SPDX-License-Identifier: MIT */
#include "solve/relock.h"

#include <errno.h>
#include <inttypes.h>
#include <solv/knownid.h>
#include <solv/repo.h>
#include <solv/solvable.h>
#include <string.h>

#include "archive/lock-format.h"
#include "archive/release.h"
#include "base/log.h"
#include "base/memory.h"
#include "deb/control.h"

static void close_file(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

void relock_release(struct relock *relock)
{
	strv_release(&relock->moved);
	strv_release(&relock->reason);
	strv_release(&relock->stay_out);
}

/* The name that the solver's pool has for a package of a lock. */
static char *pool_name(const struct solver_pool *pool, const struct package *p)
{
	const struct multi_arch m = solver_pool_multi_arch(pool);

	return multi_arch_name(&m, p->name, p->architecture);
}

/* The other way round: the package of that name and role; NULL if there is none. */
static const struct package *find(const struct solver_pool *pool, const struct packages *list,
				  const char *name, enum package_role role)
{
	cleanup_free char *bare = xstrndup(name, strcspn(name, ":"));

	for (const struct package *p = packages_find(list, bare, role);
	     p && p < list->item + list->count && streq(p->name, bare); p++) {
		cleanup_free char *other = pool_name(pool, p);

		if (p->role == role && streq(other, name))
			return p;
	}
	return NULL;
}

/* A name without an architecture is asked for in all of them. */
static bool is_to_be_updated(const struct relock *relock, const struct solver_pool *pool,
			     const struct package *p)
{
	cleanup_free char *name = pool_name(pool, p);

	return strv_has(relock->update, p->name) || strv_has(relock->update, name);
}

static bool is_package(const struct solver_pool *pool, Id p, const struct package *wanted)
{
	Id type = 0;
	const char *sha256 =
		solvable_lookup_checksum(pool_id2solvable(pool->solv, p), SOLVABLE_CHECKSUM, &type);

	return sha256 && type == REPOKEY_TYPE_SHA256 && streq(sha256, wanted->sha256);
}

/* Whether an index lists that very file. For a pool that is not indexed yet. */
static bool is_listed(const struct solver_pool *pool, const struct package *wanted)
{
	cleanup_free char *text = pool_name(pool, wanted);
	Id name = pool_str2id(pool->solv, text, 0);

	for (Id p = 2; name && p < pool->solv->nsolvables; p++)
		if (pool->solv->solvables[p].repo && pool->solv->solvables[p].name == name &&
		    is_package(pool, p, wanted))
			return true;
	return false;
}

static int add_unlisted(struct solver_pool *pool, struct store *s, const struct package *p,
			struct err *err)
{
	const struct solver_source source = {
		.suite = p->suite,
		.component = p->component,
		.repository = p->repository,
		.architecture = p->architecture,
		.pin_priority = PIN_PRIORITY_DEFAULT,
		.pocket = true, /* what the suite lists itself decides about priorities */
	};
	CLEANUP(text_release) struct text stanza = { 0 };
	CLEANUP(close_file) FILE *f = NULL;
	cleanup_fd int fd = -1;
	int r = store_get(s, p->sha256, &fd, err);

	if (r < 0)
		return r;
	if (fd < 0)
		return err_set(err, ERR_BUILD, "package '%s' %s is no longer in the store", p->name,
			       p->version);
	r = control_read_as(fd, p->path, ERR_BUILD, &stanza, err);
	if (r < 0)
		return r;
	text_printf(&stanza, "\nFilename: %s\nSize: %" PRIu64 "\nSHA256: %s\n\n", p->path, p->size,
		    p->sha256);
	f = fmemopen(stanza.data, stanza.length, "r");
	if (!f)
		return err_errno(err, ERR_BUILD, errno, "cannot read '%s'", p->path);
	return solver_pool_add_text(pool, &source, f, p->path, err);
}

int relock_add(struct relock *relock, struct solver_pool *pool, struct store *s, struct err *err)
{
	const struct packages *list = &relock->lock->packages;
	cleanup_free bool *unlisted = xcalloc(list->count + 1, sizeof(*unlisted));
	int r;

	for (size_t i = 0; i < list->count; i++)
		unlisted[i] = !streq(list->item[i].repository, "local") &&
			      !is_to_be_updated(relock, pool, &list->item[i]) &&
			      (i == 0 || !streq(list->item[i].sha256, list->item[i - 1].sha256)) &&
			      !is_listed(pool, &list->item[i]);
	r = lock_obtain(s, relock->lock, unlisted, relock->mirrors, err);
	if (r < 0)
		return err_wrap(err, "keeping its version");
	for (size_t i = 0; i < list->count; i++) {
		if (!unlisted[i])
			continue;
		r = add_unlisted(pool, s, &list->item[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

static void move(struct relock *relock, const char *name, const char *reason)
{
	strv_add(&relock->moved, name);
	strv_add(&relock->reason, reason);
}

/* True if the lock has packages of that name. */
static bool move_all_called(struct relock *relock, const struct solver_pool *pool, const char *name)
{
	const struct packages *list = &relock->lock->packages;
	bool found = false;

	for (size_t i = 0; i < list->count; i++) {
		cleanup_free char *full = pool_name(pool, &list->item[i]);

		if (!streq(list->item[i].name, name) && !streq(full, name))
			continue;
		found = true;
		if (!strv_has(&relock->moved, full))
			move(relock, full, "asked for");
	}
	return found;
}

/* An optional package that the old lock is without is tried again if it is to be updated. True if
 * one is called that. */
static bool let_in(struct relock *relock, const char *name)
{
	bool found = false;

	for (size_t i = 0; i < relock->stay_out.count;) {
		cleanup_free char *item = xstrdup(relock->stay_out.item[i]);

		if (package_name_length(item) != strlen(name) || !starts_with(item, name)) {
			i++;
			continue;
		}
		found = strv_remove(&relock->stay_out, item);
	}
	return found;
}

static int note_updates(struct relock *relock, const struct solver_pool *pool, struct err *err)
{
	strv_add_all(&relock->stay_out, &relock->lock->packages.left_out);
	for (size_t i = 0; i < relock->update->count; i++) {
		const char *name = relock->update->item[i];
		bool found = move_all_called(relock, pool, name);

		if (let_in(relock, name) || found)
			continue;
		(void)err_set(err, ERR_USAGE, "there is no package '%s' in '%s' to update", name,
			      relock->lock->path);
		return err_hint(err, "packages that are new come in by the recipe");
	}
	return 0;
}

static void pin_all(const struct relock *relock, struct solver_pool *pool)
{
	for (size_t i = 0; i < relock->lock->packages.count; i++) {
		const struct package *p = &relock->lock->packages.item[i];
		cleanup_free char *name = pool_name(pool, p);
		const Id *first;
		size_t count = solver_pool_named(pool, name, &first);

		if (strv_has(&relock->moved, name))
			continue;
		for (size_t k = 0; k < count; k++)
			if (is_package(pool, first[k], p))
				solver_pool_pin(pool, first[k]);
	}
}

/*
 * Which pins have to go for a new version. What is pinned was consistent once, so only two things
 * can be wrong: a dependency that no candidate fulfils any more, and a conflict with a new version.
 * The pinned package that such a dependency names loses its pin. If none is pinned, the version
 * that it asks for is gone, and the package that asks loses its own pin. Each round unpins a
 * package, so it comes to an end.
 */

/* because: the package whose relation, such as "depends on", the pin stands in the way of. */
static void unpin(struct relock *relock, struct solver_pool *pool, const char *name, Id because,
		  const char *what, Id dependency)
{
	CLEANUP(text_release) struct text reason = { 0 };
	solver_pool_unpin(pool, name);
	text_printf(&reason, "%s %s %s ", solver_pool_name(pool, because),
		    solver_pool_version(pool, because), what);
	solver_pool_dependency_text(pool, dependency, &reason);
	strv_add(&relock->moved, name);
	strv_add(&relock->reason, reason.data);
}

/* The name that an alternative asks for. */
static const char *name_of(const struct solver_pool *pool, Id atom)
{
	while (ISRELDEP(atom))
		atom = GETRELDEP(pool->solv, atom)->name;
	return pool_id2str(pool->solv, atom);
}

/* True if something was unpinned. */
static bool unpin_for_dependency(struct relock *relock, struct solver_pool *pool, Id p,
				 Id dependency)
{
	CLEANUP(queue_free) Queue atoms = { 0 };

	queue_init(&atoms);
	solver_pool_alternatives(pool, dependency, &atoms);
	for (int i = 0; i < atoms.count; i++) {
		const char *name = name_of(pool, atoms.elements[i]);

		if (!solver_pool_is_pinned(pool, name))
			continue;
		unpin(relock, pool, name, p, "depends on", dependency);
		return true;
	}
	if (!solver_pool_is_pinned(pool, solver_pool_name(pool, p)))
		return false; /* the solver will find it too, and explain it */
	unpin(relock, pool, solver_pool_name(pool, p), p, "depends on", dependency);
	return true;
}

/* A package that a new version brings along, and the lock does not have, is looked at as well. */
static void follow(const struct relock *relock, const struct solver_pool *pool, Id dependency,
		   Queue *ret)
{
	const Id *provider = pool_whatprovides_ptr(pool->solv, dependency);

	for (const Id *p = provider; *p; p++)
		if (find(pool, &relock->lock->packages, solver_pool_name(pool, *p), ROLE_IMAGE))
			return;
	queue_pushunique(ret, *provider);
}

static bool unpin_for_dependencies(struct relock *relock, struct solver_pool *pool, Id p,
				   Queue *look_at)
{
	CLEANUP(queue_free) Queue list = { 0 };
	bool changed = false;

	queue_init(&list);
	solvable_lookup_deparray(pool_id2solvable(pool->solv, p), SOLVABLE_REQUIRES, &list, 0);
	for (int i = 0; i < list.count; i++) {
		Id dependency = list.elements[i];

		if (dependency == SOLVABLE_PREREQMARKER)
			continue;
		if (*pool_whatprovides_ptr(pool->solv, dependency))
			follow(relock, pool, dependency, look_at);
		else
			changed = unpin_for_dependency(relock, pool, p, dependency) || changed;
	}
	return changed;
}

/* Breaks are conflicts to libsolv. Of two that exclude each other, the pinned one may have a newer
 * version that does not. */
static bool unpin_for_conflicts(struct relock *relock, struct solver_pool *pool, Id p)
{
	CLEANUP(queue_free) Queue list = { 0 };
	const char *name = solver_pool_name(pool, p);
	bool changed = false;

	queue_init(&list);
	solvable_lookup_deparray(pool_id2solvable(pool->solv, p), SOLVABLE_CONFLICTS, &list, 0);
	for (int i = 0; i < list.count; i++) {
		const Id *other = pool_whatprovides_ptr(pool->solv, list.elements[i]);

		for (; *other; other++) {
			const char *against = solver_pool_name(pool, *other);

			if (streq(against, name) ||
			    !find(pool, &relock->lock->packages, against, ROLE_IMAGE) ||
			    solver_pool_is_pinned(pool, against) ==
				    solver_pool_is_pinned(pool, name))
				continue;
			unpin(relock, pool, solver_pool_is_pinned(pool, against) ? against : name,
			      p, "conflicts with", list.elements[i]);
			changed = true;
			break;
		}
	}
	return changed;
}

/* Looks at the candidates for what the lock installs, then at what else they bring in; true if
 * something was unpinned. */
static bool unpin_round(struct relock *relock, struct solver_pool *pool)
{
	CLEANUP(queue_free) Queue look_at = { 0 };
	bool changed = false;

	queue_init(&look_at);
	for (size_t i = 0; i < relock->lock->packages.count; i++) {
		const struct package *package = &relock->lock->packages.item[i];
		cleanup_free char *name = pool_name(pool, package);
		const Id *first;
		size_t count = solver_pool_named(pool, name, &first);

		for (size_t k = 0; k < count && package->role == ROLE_IMAGE; k++)
			if (MAPTST(&pool->considered, first[k]))
				queue_push(&look_at, first[k]);
	}
	for (int i = 0; i < look_at.count; i++) {
		changed = unpin_for_dependencies(relock, pool, look_at.elements[i], &look_at) ||
			  changed;
		changed = unpin_for_conflicts(relock, pool, look_at.elements[i]) || changed;
	}
	return changed;
}

static void unpin_what_blocks(struct relock *relock, struct solver_pool *pool)
{
	do
		solver_pool_consider(pool, false);
	while (unpin_round(relock, pool));
}

int relock_pin(struct relock *relock, struct solver_pool *pool, struct err *err)
{
	int r = note_updates(relock, pool, err);

	if (r < 0)
		return r;
	pin_all(relock, pool);
	unpin_what_blocks(relock, pool);
	return 0;
}

static const char *reason_of(const struct relock *relock, const char *name)
{
	for (size_t i = 0; i < relock->moved.count; i++)
		if (streq(relock->moved.item[i], name))
			return relock->reason.item[i];
	return "the old version cannot be had any more";
}

static void replace(char **text, const char *by)
{
	free(*text);
	*text = xstrdup(by);
}

/* Compares a package of the new lock with the old one. */
static void report_package(const struct relock *relock, const struct solver_pool *pool,
			   struct package *p)
{
	cleanup_free char *name = pool_name(pool, p);
	const struct package *old = find(pool, &relock->lock->packages, name, p->role);

	if (!old) {
		log_note("%s %s is new", name, p->version);
	} else if (!streq(old->sha256, p->sha256)) {
		log_note("%s %s -> %s: %s", name, old->version, p->version,
			 reason_of(relock, name));
	} else {
		/* The same file may be listed elsewhere by now: that is no reason to change. */
		replace(&p->suite, old->suite);
		replace(&p->component, old->component);
		replace(&p->path, old->path);
		replace(&p->repository, old->repository);
	}
}

void relock_report(const struct relock *relock, const struct solver_pool *pool,
		   struct packages *packages)
{
	for (size_t i = 0; i < packages->count; i++)
		report_package(relock, pool, &packages->item[i]);
	for (size_t i = 0; i < relock->lock->packages.count; i++) {
		const struct package *old = &relock->lock->packages.item[i];
		cleanup_free char *name = pool_name(pool, old);
		const struct package *now = find(pool, packages, name, old->role);

		if (!now)
			log_note("%s %s is no longer needed", name, old->version);
		else if (is_to_be_updated(relock, pool, old) && streq(now->sha256, old->sha256))
			log_note("%s %s is the newest there is", name, old->version);
	}
}
