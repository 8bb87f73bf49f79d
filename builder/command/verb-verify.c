/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "command/pipeline.h"
#include "command/shipped.h"
#include "command/verbs.h"
#include "verify/difference.h"
#include "verify/rebuild.h"
#include "publish/result-equal.h"
#include "base/json.h"
#include "base/tree.h"
#include "publish/signature.h"

#define LOCK_SUFFIX ".lock"
#define NAME_WIDTH 24

struct verification {
	const struct invocation *in;
	char *path; /* DIR, without links */
	int dir;
	char *lock; /* its lock's path */
	char *recipe;
	struct build build;
	struct rebuild rebuild;
	struct differences differences;
};

static void verification_release(struct verification *v)
{
	differences_release(&v->differences);
	rebuild_release(&v->rebuild);
	build_release(&v->build);
	free(v->path);
	free(v->lock);
	free(v->recipe);
	cleanup_close_fd(&v->dir);
}

/* ---- what is verified ----------------------------------------------------------------------- */

static int visit(const struct walk_entry *e, void *data, struct err *err)
{
	char **name = data;

	(void)err;
	if (S_ISREG(e->st->st_mode) && !strchr(e->path, '/') && ends_with(e->name, LOCK_SUFFIX) &&
	    !*name)
		*name = xstrdup(e->name);
	return 0;
}

static int open_result(struct verification *v, char **ret_lock, struct err *err)
{
	const char *given = v->in->argument[0];
	int r;

	v->path = realpath(given, NULL);
	v->dir = v->path ? open(v->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (v->dir < 0)
		return err_errno(err, ERR_USAGE, errno, "cannot open '%s'", given);
	r = walk_tree(v->dir, visit, ret_lock, err);
	if (r < 0)
		return r;
	if (!*ret_lock && faccessat(v->dir, "SHA256SUMS", F_OK, 0) < 0) {
		err_set(err, ERR_USAGE, "'%s' is no result: it has neither lock nor SHA256SUMS",
			given);
		return err_hint(err, "name what `netrescue build` printed, OUT/RECIPE/VERSION, or "
				     "OUT/RECIPE/latest");
	}
	return 0;
}

static int check_signature(const struct verification *v, const char *file, struct err *err)
{
	cleanup_free char *who = NULL;
	int r = signature_check(v->dir, file, v->in->signed_by, &who, err);

	if (r < 0)
		return err_wrap(err, "'%s'", v->in->argument[0]);
	log_note("%s is signed by %s", file, who);
	return 0;
}

/* Before anything else is believed. */
static int check_signatures(const struct verification *v, struct err *err)
{
	bool is_signed = signature_is_there(v->dir, "SHA256SUMS");
	int r;

	if (!v->in->signed_by) {
		log_note(is_signed ? "it is signed; whose signature, --signed-by FILE would check"
				   : "it is not signed");
		return 0;
	}
	r = check_signature(v, "SHA256SUMS", err);
	/* One that lost its signature is another. */
	if (r < 0 || faccessat(v->dir, "provenance.json", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return r;
	return check_signature(v, "provenance.json", err);
}

/* A damaged copy says nothing about how it was made. */
static int check_damage(const struct verification *v, struct err *err)
{
	cleanup_free char *damaged = NULL;
	int r;

	progress_start("check", 0, PROGRESS_STEPS);
	r = result_damage(v->dir, &damaged, err);
	if (r < 0)
		return r;
	if (damaged) {
		err_set(err, ERR_TRUST, "'%s' is damaged: '%s' is not what SHA256SUMS says",
			v->in->argument[0], damaged);
		return err_hint(err, "get an intact copy: what is damaged is not compared");
	}
	progress_end("SHA256SUMS holds");
	return 0;
}

/* --recipe, else recipes/NAME.yaml here, else the one that came with the program. */
static int find_recipe(struct verification *v, const char *lock, struct err *err)
{
	cleanup_free char *name = xstrndup(lock, strlen(lock) - strlen(LOCK_SUFFIX));
	cleanup_free char *file = xasprintf("%s.yaml", name);
	cleanup_free char *here = xasprintf("recipes/%s", file);

	v->recipe = v->in->recipe	      ? xstrdup(v->in->recipe)
		    : access(here, R_OK) == 0 ? take_ptr(here)
					      : shipped_recipe(file);
	if (v->recipe)
		return 0;
	err_set(err, ERR_USAGE, "there is no recipe recipes/%s", file);
	return err_hint(err, "name the one that '%s' was built from with --recipe FILE", name);
}

static int find_inputs(struct verification *v, struct err *err)
{
	cleanup_free char *lock = NULL;
	int r = open_result(v, &lock, err);

	if (r >= 0)
		r = check_signatures(v, err);
	if (r >= 0)
		r = check_damage(v, err);
	if (r < 0)
		return r;
	if (!lock) {
		err_set(err, ERR_USAGE, "'%s' has no lock: nothing says what it was made from",
			v->in->argument[0]);
		return err_hint(err, "a result holds RECIPE" LOCK_SUFFIX);
	}
	v->lock = xasprintf("%s/%s", v->path, lock);
	return find_recipe(v, lock, err);
}

/* ---- the work ------------------------------------------------------------------------------- */

static int build_again(struct verification *v, struct err *err)
{
	const struct invocation *in = v->in;
	const struct build_options options = {
		.recipe = v->recipe,
		.lock = v->lock,
		.store = in->store,
		.mirror = in->mirror,
		.offline = in->offline,
	};
	int r = pipeline_lock(&v->build, &options, err);

	if (r >= 0)
		r = build_fetch(&v->build, err);
	if (r < 0)
		return r;
	const struct rebuild_options rebuild = {
		.original = v->dir,
		.lock = &v->build.lock,
		.recipe = &v->build.recipe,
		.store = v->build.store,
		.sandbox = in->sandbox,
		.jobs = in->jobs,
		.quiet = in->quiet,
		.verbose = in->verbose,
	};
	return rebuild_run(&rebuild, &v->rebuild, err);
}

static int compare(struct verification *v, struct err *err)
{
	cleanup_fd int rebuilt = -1;
	cleanup_free char *summary = NULL;
	int r = open_dir(AT_FDCWD, v->rebuild.result, &rebuilt, err);

	if (r < 0)
		return r;
	progress_start("compare", 0, PROGRESS_STEPS);
	r = differences_compare(v->dir, rebuilt, &v->rebuild.variations, &v->differences, err);
	if (r < 0)
		return r;
	summary = xasprintf("%zu files", v->differences.files);
	progress_end(summary);
	return 0;
}

/* ---- what is said --------------------------------------------------------------------------- */

static void print_conditions(const struct variations *c)
{
	printf("varied (%zu):\n", variations_varied(c));
	for (size_t i = 0; i < c->count; i++)
		if (!c->item[i].why_not)
			printf("  %-*s %s → %s\n", NAME_WIDTH, c->item[i].name, c->item[i].from,
			       c->item[i].to);
	printf("not varied (%zu):\n", c->count - variations_varied(c));
	for (size_t i = 0; i < c->count; i++)
		if (c->item[i].why_not)
			printf("  %-*s %s\n", NAME_WIDTH, c->item[i].name, c->item[i].why_not);
}

static void print_text(const struct verification *v)
{
	CLEANUP(text_release) struct text t = { 0 };
	char size[16];

	differences_text(&v->differences, &t);
	if (v->differences.count == 0)
		printf("0 differences: %zu files, %s, built again from %s\n", v->differences.files,
		       human_size(v->differences.bytes, size), v->lock);
	else
		printf("%zu differences, the first in %s\n%s\n", v->differences.count,
		       v->differences.item[0].artifact, t.data);
	print_conditions(&v->rebuild.variations);
}

static json_t *variations_json(const struct variations *c, bool varied)
{
	json_t *array = json_array();

	for (size_t i = 0; i < c->count; i++) {
		const struct variation *one = &c->item[i];
		json_t *o;

		if (varied == (one->why_not != NULL))
			continue;
		o = json_object();
		json_add_text(o, "name", one->name);
		if (varied) {
			json_add_text(o, "from", one->from);
			json_add_text(o, "to", one->to);
		} else {
			json_add_text(o, "why", one->why_not);
		}
		json_array_append_new(array, o);
	}
	return array;
}

static json_t *differences_json(const struct differences *f)
{
	json_t *array = json_array();

	for (size_t i = 0; i < f->count; i++) {
		json_t *o = json_object();

		json_add_text(o, "file", f->item[i].artifact);
		json_add_text(o, "member", f->item[i].member);
		json_add_text(o, "what", f->item[i].what);
		json_add_text(o, "cause", f->item[i].follows ? NULL : f->item[i].cause);
		json_add_text(o, "detail", f->item[i].detail);
		json_object_set_new(o, "follows", json_boolean(f->item[i].follows));
		json_array_append_new(array, o);
	}
	return array;
}

static void print_json(const struct verification *v)
{
	const struct variations *c = &v->rebuild.variations;
	json_t *o = json_object();

	json_add_text(o, "event", "result");
	json_object_set_new(o, "equal", json_boolean(v->differences.count == 0));
	json_add_text(o, "path", v->path);
	json_add_number(o, "files", v->differences.files);
	json_add_number(o, "bytes", v->differences.bytes);
	json_object_set_new(o, "varied", variations_json(c, true));
	json_object_set_new(o, "not-varied", variations_json(c, false));
	json_object_set_new(o, "differences", differences_json(&v->differences));
	json_print(o);
}

static int run(const struct invocation *in, struct err *err)
{
	CLEANUP(verification_release)
	struct verification v = {
		.in = in, .dir = -1, .build = BUILD_INIT, .rebuild = REBUILD_INIT
	};
	int r = find_inputs(&v, err);

	if (r >= 0)
		r = build_again(&v, err);
	if (r >= 0)
		r = compare(&v, err);
	if (r < 0)
		return r;
	if (in->json)
		print_json(&v);
	else
		print_text(&v);
	if (v.differences.count == 0)
		return 0;
	return err_set(err, ERR_BOOT,
		       "the rebuild differs from '%s': %zu differences, the first "
		       "in %s",
		       in->argument[0], v.differences.count, v.differences.item[0].artifact);
}

static const struct option_row option_recipe = { "recipe",
						 0,
						 OPTION_TEXT,
						 "FILE",
						 "what DIR was built from (default: "
						 "recipes/NAME.yaml)",
						 offsetof(struct invocation, recipe) };

static const struct option_row option_signed_by = { "signed-by",
						    0,
						    OPTION_TEXT,
						    "FILE",
						    "demand a signature by one of these keys: SSH "
						    "public keys, allowed_signers, OpenPGP keyring",
						    offsetof(struct invocation, signed_by) };

static const struct option_row *const options[] = {
	&option_recipe,	 &option_signed_by, &option_store, &option_mirror,
	&option_offline, &option_sandbox,   &option_jobs,  &option_json,
	&option_quiet,	 &option_verbose,   &option_help,  NULL,
};

const struct verb verb_verify = {
	.name = "verify",
	.arguments = "DIR",
	.summary = "build a result again under other variations and compare",
	.description =
		"Checks DIR's signature, if --signed-by says whose, and its SHA256SUMS, builds it "
		"again from its own lock in a scratch directory "
		"under variations as different as this machine permits (user, host name, clock "
		"since boot, time zone, language, umask, processors, keyboard, file system, order "
		"of directories, an empty store, …) and compares every byte. Says what was varied "
		"and what could not be.\n\n"
		"If anything differs it names the files, looks inside archives, shows how the "
		"content differs, groups all by likely cause, and exits with 5.",
	.min_arguments = 1,
	.max_arguments = 1,
	.option = options,
	.run = run,
};
