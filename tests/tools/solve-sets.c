/* SPDX-License-Identifier: MIT */
/*
 * Solves many package sets over one pool of Packages files, for tests/real/solver-oracle.t.
 *
 *	solve-sets ARCHITECTURE SUITE:COMPONENT:REPOSITORY:FILE… <SETS
 *
 * FILE is plain text. A set is one line of words: `priority=required` `exclude=x` `recommends`
 * `kernel=x` `sysvinit` and, without "=" before a name, packages; or `recipe=FILE` alone. Answers,
 * in order:
 *
 *	set LINE
 *	package NAME VERSION ARCHITECTURE [automatic] [base] [essential] [boot]
 *	…
 *	end                       or:  refused MESSAGE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "solve/resolve.h"
#include "base/memory.h"

static void die(struct err *err)
{
	err_print(err, stderr);
	exit(err_exit_code(err));
}

static void add_file(struct solver_pool *pool, char *argument)
{
	char *suite = strtok(argument, ":"), *component = strtok(NULL, ":");
	char *repository = strtok(NULL, ":"), *path = strtok(NULL, "");
	struct err err = { 0 };
	FILE *f;

	if (!path) {
		fprintf(stderr, "not SUITE:COMPONENT:REPOSITORY:FILE: %s\n", argument);
		exit(2);
	}
	f = fopen(path, "r");
	if (!f) {
		perror(path);
		exit(2);
	}
	const struct solver_source source = {
		.suite = suite,
		.component = component,
		.repository = streq(repository, "-") ? "" : repository,
		.pin_priority =
			strstr(suite, "-backports") ? PIN_PRIORITY_UPGRADES : PIN_PRIORITY_DEFAULT,
		.pocket = strchr(suite, '-') != NULL,
	};
	if (solver_pool_add_text(pool, &source, f, path, &err) < 0)
		die(&err);
	fclose(f);
}

static void add_word(struct recipe_list *list, const char *word)
{
	GROW(list->item, list->count, list->allocated);
	list->item[list->count++] = (struct recipe_name){
		.value = xstrdup(word),
		.at = { .file = "set", .line = 1 },
	};
}

/* Fails only with a recipe that cannot be read. */
static int read_set(char *line, struct recipe *recipe, struct err *err)
{
	recipe->path = xstrdup("set");
	recipe->architecture = xstrdup("amd64");
	for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n")) {
		if (starts_with(word, "recipe=")) {
			recipe_release(recipe);
			return recipe_load(word + 7, recipe, err);
		}
		if (starts_with(word, "priority="))
			add_word(&recipe->priorities, word + 9);
		else if (starts_with(word, "exclude="))
			add_word(&recipe->exclude, word + 8);
		else if (starts_with(word, "kernel="))
			recipe->kernel = xstrdup(word + 7);
		else if (streq(word, "recommends"))
			recipe->recommends = true;
		else if (streq(word, "sysvinit"))
			recipe->init = INIT_SYSVINIT;
		else
			add_word(&recipe->packages, word);
	}
	return 0;
}

static void print_packages(const struct packages *p)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct package *item = &p->item[i];

		printf("package %s %s %s%s%s%s%s\n", item->name, item->version, item->architecture,
		       item->automatic ? " automatic" : "", item->base ? " base" : "",
		       item->essential ? " essential" : "", item->role == ROLE_BOOT ? " boot" : "");
	}
	printf("end\n");
}

static void solve_set(struct solver_pool *pool, char *line)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(packages_release) struct packages packages = { 0 };
	CLEANUP(recipe_release) struct recipe recipe = { 0 };
	int r;

	line[strcspn(line, "\n")] = '\0';
	printf("set %s\n", line);
	r = read_set(line, &recipe, &err);
	map_empty(&pool->pinned);
	if (r == 0)
		r = resolve_pool(pool, &recipe, &packages, &err);
	if (r < 0)
		printf("refused %s\n", err.message);
	else
		print_packages(&packages);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	CLEANUP(solver_pool_release) struct solver_pool pool = { 0 };
	cleanup_free char *line = NULL;
	size_t size = 0;

	if (argc < 3) {
		fprintf(stderr,
			"usage: solve-sets ARCHITECTURE SUITE:COMPONENT:REPOSITORY:FILE…\n");
		return 2;
	}
	solver_pool_new(&pool, argv[1]);
	for (int i = 2; i < argc; i++)
		add_file(&pool, argv[i]);
	solver_pool_index(&pool);
	while (getline(&line, &size, stdin) > 0)
		solve_set(&pool, line);
	return 0;
}
