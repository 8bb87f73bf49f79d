/* SPDX-License-Identifier: MIT */
#include "solve/explain.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct clue { /* one of the rules that contradict each other */
	SolverRuleinfo type;
	Id from, to, dependency;
	bool told;
};

struct story {
	const struct explain *e;
	struct clue *clue;
	size_t count;
	size_t allocated;
	Id last; /* the package that the text ended with, so that it can go on with "which" */
	struct text chain;
	struct text end;
};

static void release_story(struct story *s)
{
	free(s->clue);
	text_release(&s->chain);
	text_release(&s->end);
}

static void collect(struct story *s, Id problem)
{
	CLEANUP(queue_free) Queue rules = { 0 };

	queue_init(&rules);
	solver_findallproblemrules(s->e->solver, problem, &rules);
	for (int i = 0; i < rules.count; i++) {
		struct clue clue = { 0 };

		clue.type = solver_ruleinfo(s->e->solver, rules.elements[i], &clue.from, &clue.to,
					    &clue.dependency);
		GROW(s->clue, s->count, s->allocated);
		s->clue[s->count++] = clue;
	}
}

static const struct request *job_request(const struct explain *e, Id job)
{
	return &e->requests->item[e->job_request->elements[job / 2]];
}

static bool satisfies(const struct story *s, Id p, Id dependency)
{
	for (const Id *q = pool_whatprovides_ptr(s->e->pool->solv, dependency); *q; q++)
		if (*q == p)
			return true;
	return false;
}

/* The request that asks for this very package, among those that take part in the problem; one of
 * the recipe comes before one of a rule. */
static const struct request *request_for(const struct story *s, Id p)
{
	const struct request *found = NULL;

	for (size_t i = 0; i < s->count; i++) {
		const struct request *request;

		if (s->clue[i].type != SOLVER_RULE_JOB)
			continue;
		request = job_request(s->e, s->clue[i].from);
		if (request->origin != REQUEST_EXCLUDE &&
		    streq(request->name, solver_pool_name(s->e->pool, p)) &&
		    (!found || request->origin > found->origin))
			found = request;
	}
	return found;
}

static void add_label(struct story *s, struct text *to, Id p)
{
	const struct request *request = request_for(s, p);

	text_add(to, solver_pool_name(s->e->pool, p));
	if (request) {
		text_add(to, " ");
		request_text(request, to);
	}
}

static void add_end(struct story *s)
{
	text_add(&s->end, s->end.length > 0 ? ", and " : "");
}

/* Tells the chain that begins at p, depth first: "p depends on q, which depends on r". */
static void tell_from(struct story *s, Id p);

static void tell_providers(struct story *s, Id dependency)
{
	for (size_t i = 0; i < s->count; i++) {
		struct clue *c = &s->clue[i];

		if (c->type != SOLVER_RULE_JOB && !c->told && c->from > 0 &&
		    satisfies(s, c->from, dependency))
			tell_from(s, c->from);
	}
}

static void tell_requires(struct story *s, struct clue *c)
{
	c->told = true;
	if (s->last == c->from && s->chain.length > 0) {
		text_add(&s->chain, ", which depends on ");
	} else {
		text_add(&s->chain, s->chain.length > 0 ? "; " : "");
		add_label(s, &s->chain, c->from);
		text_add(&s->chain, " depends on ");
	}
	solver_pool_dependency_text(s->e->pool, c->dependency, &s->chain);
}

static void tell_missing(struct story *s, Id dependency)
{
	CLEANUP(queue_free) Queue atoms = { 0 };
	size_t before;

	queue_init(&atoms);
	solver_pool_alternatives(s->e->pool, dependency, &atoms);
	add_end(s);
	text_add(&s->end, "there is no ");
	solver_pool_dependency_text(s->e->pool, dependency, &s->end);
	before = s->end.length;
	for (int i = 0; i < atoms.count; i++) {
		Id name = atoms.elements[i];
		const Id *first;

		while (ISRELDEP(name))
			name = GETRELDEP(s->e->pool->solv, name)->name;
		if (solver_pool_named(s->e->pool, pool_id2str(s->e->pool->solv, name), &first) == 0)
			continue;
		if (!solver_pool_has_candidate(s->e->pool, solver_pool_name(s->e->pool, *first))) {
			text_printf(&s->end, "%sthe pins allow no %s",
				    s->end.length == before ? " (" : ", ",
				    solver_pool_name(s->e->pool, *first));
			continue;
		}
		text_printf(&s->end, "%s%s %s of %s", s->end.length == before ? " (only " : ", ",
			    solver_pool_name(s->e->pool, *first),
			    solver_pool_version(s->e->pool, *first),
			    solver_pool_source(s->e->pool, *first)->suite);
	}
	text_add(&s->end, s->end.length > before ? ")" : "");
}

/* The package that the chain goes on with, if there is only one. */
static Id only_provider(const struct story *s, Id dependency)
{
	const Id *p = pool_whatprovides_ptr(s->e->pool->solv, dependency);

	return p[0] && !p[1] ? p[0] : 0;
}

static void tell_from(struct story *s, Id p)
{
	for (size_t i = 0; i < s->count; i++) {
		struct clue *c = &s->clue[i];

		if (c->told || c->from != p)
			continue;
		if (c->type == SOLVER_RULE_PKG_REQUIRES) {
			tell_requires(s, c);
			s->last = only_provider(s, c->dependency);
			tell_providers(s, c->dependency);
		} else if (c->type == SOLVER_RULE_PKG_NOTHING_PROVIDES_DEP) {
			tell_requires(s, c);
			tell_missing(s, c->dependency);
		}
	}
}

/* Two packages of one name and different architectures. */
static void tell_rivals(struct story *s, const struct clue *c)
{
	const struct solver_pool *pool = s->e->pool;

	add_end(s);
	add_label(s, &s->end, c->from);
	text_add(&s->end, " conflicts with ");
	add_label(s, &s->end, c->to);
	if (ISRELDEP(c->dependency))
		text_printf(&s->end, ", since their versions differ: %s and %s",
			    solver_pool_version(pool, c->from), solver_pool_version(pool, c->to));
	else
		text_add(&s->end, ", since not both have Multi-Arch: same");
}

/* "z conflicts with y (<< 2), here is 1", "exim conflicts with mta, which postfix provides". */
static void tell_conflict(struct story *s, const struct clue *c)
{
	const struct solver_pool *pool = s->e->pool;
	const struct request *request = request_for(s, c->to);
	Id name = c->dependency;

	while (ISRELDEP(name))
		name = GETRELDEP(pool->solv, name)->name;
	if (multi_arch_is_set(pool_id2str(pool->solv, name))) {
		tell_rivals(s, c);
		return;
	}
	add_end(s);
	add_label(s, &s->end, c->from);
	text_add(&s->end, " conflicts with ");
	solver_pool_dependency_text(pool, c->dependency, &s->end);
	if (!streq(solver_pool_name(pool, c->to), pool_id2str(pool->solv, name))) {
		text_add(&s->end, ", which ");
		add_label(s, &s->end, c->to);
		text_add(&s->end, " provides");
		return;
	}
	if (ISRELDEP(c->dependency))
		text_printf(&s->end, ", here is %s", solver_pool_version(pool, c->to));
	if (request) {
		text_add(&s->end, " ");
		request_text(request, &s->end);
	}
}

static void tell_end(struct story *s, struct clue *c)
{
	const struct request *request;

	if (c->type == SOLVER_RULE_PKG_CONFLICTS || c->type == SOLVER_RULE_PKG_OBSOLETES) {
		tell_conflict(s, c);
	} else if (c->type == SOLVER_RULE_PKG_SAME_NAME) {
		add_end(s);
		text_printf(&s->end, "there can be only one %s: %s or %s",
			    solver_pool_name(s->e->pool, c->from),
			    solver_pool_version(s->e->pool, c->from),
			    solver_pool_version(s->e->pool, c->to));
	} else if (c->type == SOLVER_RULE_PKG_NOT_INSTALLABLE) {
		add_end(s);
		text_printf(&s->end, "%s %s is not the version the recipe wants",
			    solver_pool_name(s->e->pool, c->from),
			    solver_pool_version(s->e->pool, c->from));
	} else if (c->type == SOLVER_RULE_JOB) {
		request = job_request(s->e, c->from);
		if (request->origin != REQUEST_EXCLUDE)
			return;
		add_end(s);
		text_printf(&s->end, "%s is ", request->name);
		request_text(request, &s->end);
	}
}

static void tell_roots(struct story *s)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct request *request;
		const Id *first;

		if (s->clue[i].type != SOLVER_RULE_JOB)
			continue;
		request = job_request(s->e, s->clue[i].from);
		for (size_t n = solver_pool_named(s->e->pool, request->name, &first); n > 0;
		     n--, first++)
			tell_from(s, *first);
	}
	for (size_t i = 0; i < s->count; i++) /* virtual requests, and rules of other kinds */
		if (s->clue[i].type != SOLVER_RULE_JOB && !s->clue[i].told)
			tell_from(s, s->clue[i].from);
}

/* For a problem of requests alone: "x (asked for at a:1) is wanted, but x is excluded at a:2". */
static void tell_jobs(struct story *s)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct request *request;

		if (s->clue[i].type != SOLVER_RULE_JOB)
			continue;
		request = job_request(s->e, s->clue[i].from);
		if (request->origin == REQUEST_EXCLUDE)
			continue;
		text_printf(&s->chain, "%s%s ", s->chain.length > 0 ? " and " : "", request->name);
		request_text(request, &s->chain);
		text_add(&s->chain, " is wanted");
	}
}

/* Compares by text: Ids depend on whether an index was parsed or came as .solv. */
static int compare_dependencies(const struct solver_pool *pool, Id a, Id b)
{
	CLEANUP(text_release) struct text x = { 0 }, y = { 0 };

	if (a == 0 || b == 0)
		return (a != 0) - (b != 0);
	solver_pool_dependency_text(pool, a, &x);
	solver_pool_dependency_text(pool, b, &y);
	return strcmp(x.data, y.data);
}

static int compare_clues(const void *pa, const void *pb, void *data)
{
	const struct clue *a = pa, *b = pb;
	const struct solver_pool *pool = data;
	int r = (int)a->type - (int)b->type;

	if (r != 0 || a->type == SOLVER_RULE_JOB)
		return r != 0 ? r : a->from - b->from;
	if (a->from > 0 && b->from > 0)
		r = strcmp(solver_pool_name(pool, a->from), solver_pool_name(pool, b->from));
	if (r == 0 && a->to > 0 && b->to > 0)
		r = strcmp(solver_pool_name(pool, a->to), solver_pool_name(pool, b->to));
	return r != 0 ? r : compare_dependencies(pool, a->dependency, b->dependency);
}

void explain_problem(const struct explain *e, Id problem, struct text *ret)
{
	CLEANUP(release_story) struct story s = { .e = e };

	collect(&s, problem);
	if (s.count > 0)
		qsort_r(s.clue, s.count, sizeof(*s.clue), compare_clues,
			(void *)(uintptr_t)e->pool);
	tell_roots(&s);
	for (size_t i = 0; i < s.count; i++)
		tell_end(&s, &s.clue[i]);
	if (s.chain.length == 0 && s.end.length > 0 && strstr(s.end.data, "conflicts") == NULL)
		tell_jobs(&s);
	text_add(ret, s.chain.length > 0 ? s.chain.data : "");
	if (s.chain.length > 0 && s.end.length > 0)
		text_add(ret, ", but ");
	text_add(ret, s.end.length > 0 ? s.end.data : "");
}

static int compare_indices(const void *a, const void *b, void *data)
{
	(void)data;
	return *(const Id *)a - *(const Id *)b;
}

void explain_requests(const struct explain *e, Id problem, Queue *ret)
{
	CLEANUP(release_story) struct story s = { .e = e };

	collect(&s, problem);
	for (size_t i = 0; i < s.count; i++)
		if (s.clue[i].type == SOLVER_RULE_JOB)
			queue_pushunique(ret, e->job_request->elements[s.clue[i].from / 2]);
	if (ret->count > 1)
		solv_sort(ret->elements, (size_t)ret->count, sizeof(Id), compare_indices, NULL);
}

int explain_error(const struct explain *e, struct err *err)
{
	CLEANUP(text_release) struct text chain = { 0 };
	CLEANUP(queue_free) Queue involved = { 0 };
	unsigned problems = solver_problem_count(e->solver);
	struct position at = { 0 };

	queue_init(&involved);
	explain_problem(e, 1, &chain);
	explain_requests(e, 1, &involved);
	for (int i = 0; i < involved.count && at.line == 0; i++)
		at = e->requests->item[involved.elements[i]].at;
	if (problems > 1)
		text_printf(&chain, " (and %u more such %s)", problems - 1,
			    problems == 2 ? "problem" : "problems");
	if (at.line > 0)
		err_at(err, ERR_USAGE, at.file, at.line, at.column, "%s", chain.data);
	else
		err_set(err, ERR_USAGE, "%s", chain.data);
	return err_hint(err, "these cannot be in one image: take out of the recipe what is not "
			     "needed, or name another version or alternative");
}
