/* SPDX-License-Identifier: MIT */
#include "solve/solver.h"

#include <string.h>

#include <solv/solver.h>

#include "solve/alternatives.h"
#include "solve/explain.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/memory.h"

struct attempt {
	struct solver_pool *pool;
	struct requests *requests;
	bool all_versions; /* as in solver_pool_consider() */
	Solver *solver;	   /* owned; of the last solve */
	Queue job;	   /* the requests, without the proposal of alternatives.h */
	Queue job_request; /* index of the request that made the n-th job */
	Queue chosen;	   /* solvables that stand for the requests, in order, all different */
	struct alternatives alternatives;
};

static void forget_answer(struct attempt *a)
{
	if (a->solver)
		solver_free(a->solver);
	a->solver = NULL;
}

static void release(struct attempt *a)
{
	forget_answer(a);
	queue_free(&a->job);
	queue_free(&a->job_request);
	queue_free(&a->chosen);
	alternatives_release(&a->alternatives);
}

/* Where all versions are considered, libsolv would take the newest that the archive of the highest
 * priority has. A wish for the candidate lets it keep to what pins say of single packages. */
static void wish_for_candidate(struct attempt *a, size_t i)
{
	const struct request *request = &a->requests->item[i];
	const Id *first;

	if (!a->all_versions || request->is_virtual || request->origin == REQUEST_EXCLUDE ||
	    solver_pool_is_pinned(a->pool, request->name) ||
	    !solver_pool_has_candidate(a->pool, request->name))
		return;
	(void)solver_pool_named(a->pool, request->name, &first);
	queue_push2(&a->job, SOLVER_INSTALL | SOLVER_SOLVABLE | SOLVER_WEAK, *first);
	queue_push(&a->job_request, (Id)i);
}

static void make_jobs(struct attempt *a)
{
	queue_empty(&a->job);
	queue_empty(&a->job_request);
	for (size_t i = 0; i < a->requests->count; i++) {
		const struct request *request = &a->requests->item[i];
		Id how = SOLVER_INSTALL;

		if (request->dropped)
			continue;
		wish_for_candidate(a, i);
		if (request->origin == REQUEST_EXCLUDE)
			how = SOLVER_ERASE;
		how |= request->is_virtual ? SOLVER_SOLVABLE_PROVIDES : SOLVER_SOLVABLE_NAME;
		queue_push2(&a->job, how, pool_str2id(a->pool->solv, request->name, 1));
		queue_push(&a->job_request, (Id)i);
	}
}

/* Solves and returns the number of problems; the solver is kept for questions about them. libsolv's
 * own handling of Recommends is off, since the walk has proposed them. */
static int run(struct attempt *a, Queue *job)
{
	forget_answer(a);
	a->solver = solver_create(a->pool->solv);
	solver_set_flag(a->solver, SOLVER_FLAG_IGNORE_RECOMMENDED, 1);
	return solver_solve(a->solver, job);
}

static struct explain explanation(const struct attempt *a)
{
	return (struct explain){
		.pool = a->pool,
		.requests = a->requests,
		.job_request = &a->job_request,
		.solver = a->solver,
	};
}

/* The request of a problem that is left out, if the recipe itself takes part in it: of those that
 * come from a priority, the least important one, and of these the last by name. */
static struct request *least_wanted(const struct attempt *a, Id problem)
{
	struct explain e = explanation(a);
	CLEANUP(queue_free) Queue involved = { 0 };
	struct request *least = NULL;
	bool by_recipe = false;

	queue_init(&involved);
	explain_requests(&e, problem, &involved);
	for (int i = 0; i < involved.count; i++) {
		struct request *request = &a->requests->item[involved.elements[i]];

		if (request->origin >= REQUEST_RECIPE)
			by_recipe = true;
		if (request->origin == REQUEST_PRIORITY &&
		    (!least || request->priority >= least->priority))
			least = request;
	}
	return by_recipe ? least : NULL;
}

/* True if a request was given up, so that solving again makes sense. */
static bool give_up_one(const struct attempt *a)
{
	struct explain e = explanation(a);

	for (Id problem = 1; problem <= (Id)solver_problem_count(a->solver); problem++) {
		struct request *request = least_wanted(a, problem);
		CLEANUP(text_release) struct text why = { 0 };

		if (!request)
			continue;
		explain_problem(&e, problem, &why);
		log_note("%s (priority) is left out: %s", request->name, why.data);
		request->dropped = true;
		return true;
	}
	return false;
}

static bool has_pins(const struct solver_pool *pool)
{
	for (size_t i = 0; i < pool->count; i++)
		if (MAPTST(&pool->pinned, pool->sorted[i]))
			return true;
	return false;
}

/* Solves the requests alone. apt takes nothing but the candidate of a name; other versions are
 * considered only if a pinned version needs them beside it. */
static bool can_be_met(struct attempt *a)
{
	make_jobs(a);
	if (run(a, &a->job) == 0)
		return true;
	if (a->all_versions || !has_pins(a->pool))
		return false;
	a->all_versions = true;
	solver_pool_consider(a->pool, true);
	return run(a, &a->job) == 0;
}

/* Solves the requests until they agree. */
static int solve_requests(struct attempt *a, struct err *err)
{
	for (;;) {
		struct explain e;
		int r = interrupt_check(err);

		if (r < 0)
			return r;
		if (can_be_met(a))
			return 0;
		if (give_up_one(a))
			continue;
		e = explanation(a);
		return explain_error(&e, err);
	}
}

/* Takes an optional request up, or leaves it out. */
static void try_optional(struct attempt *a, struct request *request)
{
	bool all_versions = a->all_versions;
	bool pins = request->pin && !MAPTST(&a->pool->pinned, request->pin);
	CLEANUP(text_release) struct text why = { 0 };
	struct explain e;

	request->dropped = false;
	if (pins) {
		solver_pool_pin(a->pool, request->pin);
		solver_pool_consider(a->pool, a->all_versions);
	}
	if (can_be_met(a))
		return;
	e = explanation(a);
	explain_problem(&e, 1, &why);
	request_leave_out(request, why.data);
	if (pins)
		solver_pool_unpin_one(a->pool, request->pin);
	a->all_versions = all_versions;
	solver_pool_consider(a->pool, all_versions);
}

static int solve_optional(struct attempt *a, struct err *err)
{
	for (size_t i = 0; i < a->requests->count; i++) {
		struct request *request = &a->requests->item[i];
		int r = interrupt_check(err);

		if (r < 0)
			return r;
		if (request->optional && !request->left_out)
			try_optional(a, request);
	}
	(void)can_be_met(a); /* again, for its answer without what was left out last */
	return 0;
}

/* The package of that name in the solver's answer, or 0. */
static Id installed_of_name(const struct attempt *a, const char *name)
{
	const Id *first;
	size_t count = solver_pool_named(a->pool, name, &first);

	for (size_t i = 0; i < count; i++)
		if (solver_get_decisionlevel(a->solver, first[i]) > 0)
			return first[i];
	return 0;
}

static bool provided_by_chosen(const struct attempt *a, Id name)
{
	for (const Id *p = pool_whatprovides_ptr(a->pool->solv, name); *p; p++)
		for (int i = 0; i < a->chosen.count; i++)
			if (a->chosen.elements[i] == *p)
				return true;
	return false;
}

/* Virtual requests come last: another request may provide them. */
static void choose_requests(struct attempt *a)
{
	queue_empty(&a->chosen);
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < a->requests->count; i++) {
			const struct request *request = &a->requests->item[i];
			Id name = pool_str2id(a->pool->solv, request->name, 1);
			Id p;

			if (request->dropped || request->origin == REQUEST_EXCLUDE ||
			    request->is_virtual != (pass == 1))
				continue;
			if (request->is_virtual && provided_by_chosen(a, name))
				continue;
			p = request->is_virtual ? alternatives_provider(&a->alternatives, name)
						: installed_of_name(a, request->name);
			if (p)
				queue_pushunique(&a->chosen, p);
		}
	}
}

static bool is_installable(struct attempt *a, Id p)
{
	CLEANUP(queue_free) Queue job = { 0 };

	queue_init_clone(&job, &a->job);
	queue_push2(&job, SOLVER_INSTALL | SOLVER_SOLVABLE, p);
	return run(a, &job) == 0;
}

/* Notes which packages of the proposal libsolv did not take, so that the next walk refuses them:
 * each that cannot be installed at all or, if each could be alone, the last one. False if it took
 * all. */
static bool note_refusals(struct attempt *a)
{
	CLEANUP(queue_free) Queue missing = { 0 };
	bool any = false;

	queue_init(&missing);
	for (int i = 0; i < a->alternatives.order.count; i++) {
		Id p = a->alternatives.order.elements[i];

		if (MAPTST(&a->alternatives.taken, p) &&
		    solver_get_decisionlevel(a->solver, p) <= 0)
			queue_pushunique(&missing, p);
	}
	for (int i = 0; i < missing.count; i++) {
		if (is_installable(a, missing.elements[i]))
			continue;
		map_set(&a->alternatives.refused, missing.elements[i]);
		any = true;
	}
	if (!any && missing.count > 0)
		map_set(&a->alternatives.refused, missing.elements[missing.count - 1]);
	return missing.count > 0;
}

/* Walks and solves until libsolv takes the whole proposal. Each round refuses one package more, so
 * it comes to an end. */
static int solve_alternatives(struct attempt *a, struct err *err)
{
	for (;;) {
		CLEANUP(queue_free) Queue job = { 0 };
		int r = interrupt_check(err);

		if (r < 0)
			return r;
		queue_empty(&a->alternatives.ties);
		choose_requests(a);
		alternatives_walk(&a->alternatives, &a->chosen);
		queue_init_clone(&job, &a->job);
		for (int i = 0; i < a->alternatives.order.count; i++)
			if (MAPTST(&a->alternatives.taken, a->alternatives.order.elements[i]))
				queue_push2(&job, SOLVER_INSTALL | SOLVER_SOLVABLE | SOLVER_WEAK,
					    a->alternatives.order.elements[i]);
		if (run(a, &job) != 0) {
			struct explain e = explanation(a);

			return explain_error(&e, err);
		}
		if (!note_refusals(a))
			return 0;
		/* note_refusals asked the solver other questions: the next round asks for names. */
		run(a, &a->job);
	}
}

/* Each package gets one note, because a person may want to choose another provider. */
static void report_ties(const struct attempt *a, const Map *set, const Map *requested)
{
	CLEANUP(queue_free) Queue told = { 0 };

	queue_init(&told);
	for (int i = 0; i + 1 < a->alternatives.ties.count; i += 2) {
		Id p = a->alternatives.ties.elements[i];
		int count = told.count;

		if (!MAPTST(set, p) || MAPTST(requested, p))
			continue;
		queue_pushunique(&told, p);
		if (told.count > count)
			log_debug("%s is one of several equal providers of %s: it brings the "
				  "fewest packages",
				  solver_pool_name(a->pool, p),
				  pool_id2str(a->pool->solv, a->alternatives.ties.elements[i + 1]));
	}
}

int solver_find(struct solver_pool *pool, struct requests *requests, bool recommends, Map *ret_set,
		Map *ret_requested, struct err *err)
{
	CLEANUP(release) struct attempt a = { .pool = pool, .requests = requests };
	CLEANUP(map_free) Map installed = { 0 };
	int r;

	queue_init(&a.job);
	queue_init(&a.job_request);
	queue_init(&a.chosen);
	alternatives_init(&a.alternatives, pool, recommends);
	r = solve_requests(&a, err);
	if (r < 0)
		return r;
	r = solve_optional(&a, err);
	if (r < 0)
		return r;
	r = solve_alternatives(&a, err);
	if (r < 0)
		return r;
	map_init(&installed, pool->solv->nsolvables);
	for (Id p = 2; p < pool->solv->nsolvables; p++)
		if (solver_get_decisionlevel(a.solver, p) > 0)
			map_set(&installed, p);
	alternatives_needed(&a.alternatives, &a.chosen, &installed, ret_set);
	map_empty(ret_requested);
	for (int i = 0; i < a.chosen.count; i++)
		map_set(ret_requested, a.chosen.elements[i]);
	report_ties(&a, ret_set, ret_requested);
	return 0;
}
