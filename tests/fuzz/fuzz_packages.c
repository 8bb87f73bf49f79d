/* SPDX-License-Identifier: MIT */
/* A Packages file, as the solver reads it. Nothing that passes the reader may break libsolv. */
#include <stdio.h>

#include "fuzz.h"
#include "solve/solver-pool.h"

static void look(struct solver_pool *pool)
{
	CLEANUP(strv_release) struct strv names = { 0 };

	solver_pool_index(pool);
	solver_pool_consider(pool, false);
	solver_pool_suggest(pool, "bash", &names);
	for (size_t i = 0; i < pool->count; i++) {
		CLEANUP(packages_release) struct packages packages = { 0 };
		CLEANUP(err_release) struct err err = { 0 };
		CLEANUP(text_release) struct text text = { 0 };
		const Id p = pool->sorted[i];

		(void)solver_pool_package(pool, p, packages_add(&packages), &err);
		assert(solver_pool_name(pool, p) && solver_pool_version(pool, p));
		solver_pool_dependency_text(pool, pool->solv->solvables[p].name, &text);
	}
}

static void add(struct solver_pool *pool, const char *architecture, const uint8_t *data,
		size_t size)
{
	static const char nothing[] = "\n";
	const struct solver_source source = {
		.suite = "trixie",
		.component = "main",
		.repository = "",
		.architecture = architecture,
		.pin_priority = 500,
	};
	CLEANUP(err_release) struct err err = { 0 };
	FILE *text = fmemopen((void *)(uintptr_t)(size ? (const void *)data : nothing),
			      size ? size : 1, "r");

	assert(text);
	(void)solver_pool_add_text(pool, &source, text, "x", &err);
	assert(fclose(text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct recipe_list foreign = { 0 };
	struct solver_pool pool = { 0 };

	solver_pool_new(&pool, "amd64");
	solver_pool_set_foreign(&pool, &foreign);
	add(&pool, "amd64", data, size);
	look(&pool);
	solver_pool_release(&pool);
	return 0;
}
