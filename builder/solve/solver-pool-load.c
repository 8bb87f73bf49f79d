/* SPDX-License-Identifier: MIT */
#include "solve/solver-pool.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <solv/knownid.h>
#include <solv/repo.h>
#include <solv/repo_deb.h>
#include <solv/repo_solv.h>
#include <solv/repo_write.h>
#include <solv/solvable.h>
#include <solv/solvversion.h>

#include "deb/control.h"
#include "base/log.h"
#include "base/memory.h"

/* To be raised when the content of a .solv changes, so that older ones are not found any more. */
#define SOLV_FORMAT "4"

#define KEY_PRIORITY "netrescue:priority"
#define KEY_ESSENTIAL "netrescue:essential"

/* The relations whose order decides what is chosen (alternatives.h), and under which name a .solv
 * keeps that order: repo_write() sorts what a package depends on by libsolv's numbers for it, which
 * differ from run to run. */
static const struct ordered_relation {
	Id relation;
	const char *key;
} ordered_relations[] = {
	{ SOLVABLE_REQUIRES, "netrescue:depends-order" },
	{ SOLVABLE_RECOMMENDS, "netrescue:recommends-order" },
};

static void close_file(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

static const char *keep(struct solver_pool *pool, const char *word)
{
	strv_add(&pool->word, word ? word : "");
	return pool->word.item[pool->word.count - 1];
}

static const char *architecture_of(const struct solver_pool *pool,
				   const struct solver_source *source)
{
	if (!source->architecture || streq(source->architecture, "all"))
		return pool->architecture;
	return source->architecture;
}

/* Adds an owned copy of source and makes the repo that it describes. */
static Repo *add_repo(struct solver_pool *pool, const struct solver_source *source)
{
	struct solver_source *copy = xmalloc(sizeof(*copy));
	Repo *repo;

	*copy = (struct solver_source){
		.suite = keep(pool, source->suite),
		.component = keep(pool, source->component),
		.repository = keep(pool, source->repository),
		.architecture = keep(pool, architecture_of(pool, source)),
		.pocket = source->pocket,
		.pin_priority = source->pin_priority,
	};
	for (size_t i = 0; i < PIN_KEYS; i++)
		copy->about[i] = keep(pool, source->about[i]);
	GROW(pool->source, pool->source_count, pool->source_allocated);
	pool->source[pool->source_count++] = copy;
	repo = repo_create(pool->solv, copy->suite);
	repo->appdata = copy;
	/* Where several versions are considered, libsolv prefers as apt does. */
	repo->priority = source->pin_priority;
	return repo;
}

/* The offset of a package's list of that relation in the repo's array of all lists, 0: none. */
static Offset relation_offset(const Solvable *s, Id relation)
{
	return relation == SOLVABLE_REQUIRES ? s->requires : s->recommends;
}

static void store_order(Repo *repo, Repodata *data, const struct ordered_relation *ordered)
{
	Id key = pool_str2id(repo->pool, ordered->key, 1);
	CLEANUP(queue_free) Queue list = { 0 };

	queue_init(&list);
	for (Id p = repo->start; p < repo->end; p++) {
		Offset offset = relation_offset(pool_id2solvable(repo->pool, p), ordered->relation);

		queue_empty(&list);
		for (const Id *id = repo->idarraydata + offset; offset && *id; id++)
			queue_push(&list, *id);
		if (list.count > 1)
			repodata_set_idarray(data, p, key, &list);
	}
}

static size_t length_of(const Id *list)
{
	size_t length = 0;

	while (list[length])
		length++;
	return length;
}

/* Puts the lists of a repo that was read from a .solv into the order that they had in the index.
 * False if a list has not as many elements as the order that was kept of it. */
static bool restore_order(Repo *repo, const struct ordered_relation *ordered)
{
	Id key = pool_str2id(repo->pool, ordered->key, 1);
	CLEANUP(queue_free) Queue list = { 0 };

	queue_init(&list);
	for (Id p = repo->start; p < repo->end; p++) {
		Solvable *s = pool_id2solvable(repo->pool, p);
		Offset offset = relation_offset(s, ordered->relation);
		size_t length = offset ? length_of(repo->idarraydata + offset) : 0;

		if (length < 2)
			continue;
		queue_empty(&list);
		solvable_lookup_idarray(s, key, &list);
		if ((size_t)list.count != length)
			return false;
		memcpy(repo->idarraydata + offset, list.elements, length * sizeof(Id));
	}
	return true;
}

static bool restore_orders(Repo *repo)
{
	for (size_t i = 0; i < ARRAY_SIZE(ordered_relations); i++)
		if (!restore_order(repo, &ordered_relations[i]))
			return false;
	return true;
}

/* What the reader noted goes into the repo's own data, so that a .solv carries it. */
static int store_facts(Repo *repo, const struct packages_reader *reader, const char *name,
		       struct err *err)
{
	Id priority = pool_str2id(repo->pool, KEY_PRIORITY, 1);
	Id essential = pool_str2id(repo->pool, KEY_ESSENTIAL, 1);
	Repodata *data;

	if ((size_t)repo->nsolvables != reader->count)
		return err_set(err, ERR_BUILD, "libsolv read only %d of the %zu packages in %s",
			       repo->nsolvables, reader->count, name);
	data = repo_add_repodata(repo, REPO_REUSE_REPODATA);
	for (size_t i = 0; i < reader->count; i++) {
		Id p = repo->start + (Id)i;

		repodata_set_num(data, p, SOLVABLE_DOWNLOADSIZE, reader->fact[i].size);
		repodata_set_num(data, p, priority, reader->fact[i].priority);
		if (reader->fact[i].essential)
			repodata_set_void(data, p, essential);
	}
	for (size_t i = 0; i < ARRAY_SIZE(ordered_relations); i++)
		store_order(repo, data, &ordered_relations[i]);
	repo_internalize(repo);
	return 0;
}

static void load_facts(struct solver_pool *pool, Repo *repo)
{
	Id priority = pool_str2id(pool->solv, KEY_PRIORITY, 1);
	Id essential = pool_str2id(pool->solv, KEY_ESSENTIAL, 1);
	size_t count = (size_t)pool->solv->nsolvables;

	pool->fact = xreallocarray(pool->fact, count, sizeof(*pool->fact));
	for (Id p = repo->start; p < repo->end; p++) {
		Solvable *s = pool_id2solvable(pool->solv, p);

		pool->fact[p] = (struct package_fact){
			.size = solvable_lookup_num(s, SOLVABLE_DOWNLOADSIZE, 0),
			.priority = (enum priority)solvable_lookup_num(s, priority, PRIORITY_EXTRA),
			.essential = solvable_lookup_void(s, essential) != 0,
		};
	}
}

/* skipped: see packages-reader.h. */
static int add_text(struct solver_pool *pool, Repo *repo, FILE *text, const char *name,
		    struct skipped_packages *skipped, struct err *err)
{
	CLEANUP(packages_reader_release)
	struct packages_reader reader = {
		.from = text,
		.name = name,
		.multi_arch = solver_pool_multi_arch(pool),
		.architecture = ((const struct solver_source *)repo->appdata)->architecture,
		.skipped = skipped,
	};
	FILE *reduced = packages_reader_open(&reader);
	int r;

	repo_add_debpackages(repo, reduced, REPO_NO_INTERNALIZE);
	(void)fclose(reduced);
	r = packages_reader_check(&reader, err);
	if (r < 0)
		return r;
	r = store_facts(repo, &reader, name, err);
	if (r < 0)
		return r;
	load_facts(pool, repo);
	return 0;
}

int solver_pool_add_text(struct solver_pool *pool, const struct solver_source *source, FILE *text,
			 const char *name, struct err *err)
{
	return add_text(pool, add_repo(pool, source), text, name, NULL, err);
}

/* One parsed form for each choice of architectures, since it has the names of multi-arch.h. */
static char *solv_key(const struct solver_pool *pool, const struct index_file *file,
		      const struct solver_source *source)
{
	cleanup_free char *foreign = strv_join(&pool->foreign, "+");

	return xasprintf("%s.%s%s%s@%s.%s.%s", file->sha256, pool->architecture,
			 *foreign ? "+" : "", foreign, source->architecture, solv_version,
			 SOLV_FORMAT);
}

/* *ret: whether the store has one that can be read. */
static int load_solv(struct solver_pool *pool, struct store *s, const char *key, Repo *repo,
		     bool *ret, struct err *err)
{
	cleanup_free char *digest = NULL;
	cleanup_fd int fd = -1;
	CLEANUP(close_file) FILE *f = NULL;
	int r = store_fact_get(s, "solv", key, &digest, err);

	*ret = false;
	if (r < 0 || !digest || !digest_is_valid(digest))
		return r;
	r = store_get(s, digest, &fd, err);
	if (r < 0 || fd < 0)
		return r;
	f = fdopen(fd, "r");
	if (!f)
		return err_errno(err, ERR_BUILD, errno, "cannot read the parsed index");
	take_fd(&fd);
	if (repo_add_solv(repo, f, 0) != 0 || !restore_orders(repo)) {
		repo_empty(repo, 1);
		return 0;
	}
	load_facts(pool, repo);
	*ret = true;
	return 0;
}

static int save_solv(struct store *s, const char *key, Repo *repo, struct err *err)
{
	CLEANUP(store_put_release) struct store_put put = STORE_PUT_INIT;
	CLEANUP(close_file) FILE *f = NULL;
	cleanup_fd int fd = -1;
	char digest[DIGEST_HEX];
	int r = store_put_begin(s, &put, err);

	if (r < 0)
		return r;
	fd = dup(put.fd);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (!f)
		return err_errno(err, ERR_BUILD, errno, "cannot keep the parsed index");
	take_fd(&fd);
	if (repo_write(repo, f) != 0 || fflush(f) != 0)
		return err_errno(err, ERR_BUILD, errno, "cannot keep the parsed index");
	r = store_put_commit(&put, NULL, digest, err);
	if (r < 0)
		return r;
	return store_fact_set(s, "solv", key, digest, err);
}

/* One stanza that apt would take, or leave alone, is no reason to do without an archive. Who asks
 * for the package is told why it is not there (request.c). */
static void warn_of_skipped(const struct solver_pool *pool, size_t before, const char *name)
{
	size_t count = pool->skipped.count - before;
	const struct skipped_package *first = &pool->skipped.item[before];

	if (count == 1)
		log_warning("%s: the package '%s' is left out: %s", name, first->name,
			    first->reason);
	else
		log_warning("%s: %zu packages are left out, the first is '%s': %s", name, count,
			    first->name, first->reason);
}

int solver_pool_add_index(struct solver_pool *pool, struct store *s, const struct index_file *file,
			  struct err *err)
{
	const struct solver_source source = {
		.suite = file->suite,
		.component = file->component,
		.repository = file->repository,
		.architecture = file->architecture,
		.about = { [PIN_ARCHIVE] = file->archive,
			   [PIN_CODENAME] = file->codename,
			   [PIN_FROM] = file->origin,
			   [PIN_LABEL] = file->label,
			   [PIN_COMPONENT] = file->component },
		.pocket = file->pocket,
		.pin_priority = file->pin_priority,
	};
	cleanup_free char *name = xasprintf("Packages of %s%s%s", file->suite,
					    *file->component ? " " : "", file->component);
	Repo *repo = add_repo(pool, &source);
	cleanup_free char *key = solv_key(pool, file, repo->appdata);
	CLEANUP(close_file) FILE *text = NULL;
	cleanup_fd int fd = -1;
	size_t skipped = pool->skipped.count;
	bool loaded;
	int r = load_solv(pool, s, key, repo, &loaded, err);

	if (r < 0 || loaded)
		return r;
	r = index_open_text(s, file, &fd, err);
	if (r < 0)
		return r;
	text = fdopen(fd, "r");
	if (!text)
		return err_errno(err, ERR_BUILD, errno, "cannot read %s", name);
	take_fd(&fd);
	r = add_text(pool, repo, text, name, &pool->skipped, err);
	if (r < 0)
		return r;
	if (pool->skipped.count == skipped)
		return save_solv(s, key, repo, err);
	/* Not kept in its parsed form, which could not say what is missing and why. */
	warn_of_skipped(pool, skipped, name);
	return 0;
}

/* Adds it if it is of that architecture. */
static int add_deb_of(struct solver_pool *pool, const struct recipe_file *deb,
		      const struct text *stanza, const char *architecture, bool *ret_added,
		      struct err *err)
{
	const struct solver_source source = { .pin_priority = PIN_PRIORITY_DEFAULT,
					      .suite = "local",
					      .component = "",
					      .repository = "local",
					      .architecture = architecture };
	CLEANUP(close_file) FILE *f = fmemopen(stanza->data, stanza->length, "r");
	Repo *repo;
	int r;

	if (!f)
		return err_errno(err, ERR_BUILD, errno, "cannot read '%s'", deb->given);
	repo = add_repo(pool, &source);
	r = add_text(pool, repo, f, deb->given, NULL, err);
	if (r < 0)
		return r;
	*ret_added = repo->nsolvables == 1;
	return 0;
}

static int add_deb(struct solver_pool *pool, const struct recipe_file *deb, struct err *err)
{
	CLEANUP(text_release) struct text stanza = { 0 };
	bool added = false;
	int r = control_stanza(deb, &stanza, err);

	if (r < 0)
		return r;
	r = add_deb_of(pool, deb, &stanza, pool->architecture, &added, err);
	for (size_t i = 0; i < pool->foreign.count && r == 0 && !added; i++)
		r = add_deb_of(pool, deb, &stanza, pool->foreign.item[i], &added, err);
	if (r < 0 || added)
		return r;
	(void)err_at(err, ERR_USAGE, deb->at.file, deb->at.line, deb->at.column,
		     "'%s' is not a package for %s", deb->given, pool->architecture);
	if (!strstr(stanza.data, "\nArchitecture: i386\n"))
		return err_value(err);
	return err_hint(err, "write 'foreign-architectures: [i386]' into the recipe");
}

int solver_pool_add_debs(struct solver_pool *pool, const struct recipe_files *debs, struct err *err)
{
	for (size_t i = 0; i < debs->count; i++) {
		int r = add_deb(pool, &debs->item[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}
