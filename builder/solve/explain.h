/* SPDX-License-Identifier: MIT */
/*
 * Why a request cannot be met, in words: the chain of dependencies from who asked to what
 * contradicts.
 *
 *	x (asked for at recipes/a.yaml:12) depends on y (>= 2), but z (asked for at
 *	recipes/a.yaml:13) conflicts with y
 */
#pragma once

#include <solv/queue.h>
#include <solv/solver.h>

#include "solve/request.h"
#include "solve/solver-pool.h"
#include "base/text.h"

struct explain {
	const struct solver_pool *pool;
	const struct requests *requests;
	const Queue *job_request; /* index of the request that made the n-th job */
	Solver *solver;		  /* after it failed */
};

/* The chain of one problem (1 … solver_problem_count), appended to ret. */
void explain_problem(const struct explain *e, Id problem, struct text *ret);
/* Indices of the requests that take part in a problem, in the order of the list. */
void explain_requests(const struct explain *e, Id problem, Queue *ret);
/* ERR_USAGE with the first problem's chain, at the line of a request that takes part. */
int explain_error(const struct explain *e, struct err *err);
