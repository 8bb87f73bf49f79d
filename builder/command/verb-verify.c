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
#include "command/options.h"
#include "command/pipeline.h"
#include "command/script-limits.h"
#include "command/shipped.h"
#include "command/verbs.h"
#include "verify/result-diff.h"
#include "verify/rebuild.h"
#include "publish/result-damage.h"
#include "base/json.h"
#include "base/tree.h"
#include "publish/signature.h"

#define LOCK_SUFFIX ".lock"
#define NAME_WIDTH 24

#define INVOCATION struct verify_invocation
struct verify_invocation {
	struct invocation in;
	const char *recipe, *signed_by;
	struct strv site, set, allow;
	const char *store, *mirror, *sandbox, *memory, *script_timeout;
	unsigned jobs;
	bool offline;
};

struct verification {
	const struct verify_invocation *o;
	const char *given; /* DIR */
	char *path;	   /* the same, without links */
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

static int hint_result(struct err *err)
{
	return err_hint(err, "name what `netrescue build` printed, OUT/RECIPE/VERSION, or "
			     "OUT/RECIPE/latest");
}

static int open_result(struct verification *v, char **ret_lock, struct err *err)
{
	v->path = realpath(v->given, NULL);
	v->dir = v->path ? open(v->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (v->dir < 0) {
		err_errno(err, ERR_USAGE, errno, "cannot open '%s'", v->given);
		return hint_result(err);
	}
	int r = walk_tree(v->dir, visit, ret_lock, err);
	if (r < 0)
		return r;
	if (!*ret_lock && faccessat(v->dir, "SHA256SUMS", F_OK, 0) < 0) {
		err_set(err, ERR_USAGE, "'%s' is no result: it has neither lock nor SHA256SUMS",
			v->given);
		return hint_result(err);
	}
	return 0;
}

static int check_signature(const struct verification *v, const char *file, struct err *err)
{
	cleanup_free char *who = NULL;
	int r = signature_check(v->dir, file, v->o->signed_by, &who, err);

	if (r < 0)
		return err_wrap(err, "'%s'", v->given);
	log_note("%s is signed by %s", file, who);
	return 0;
}

/* This comes before anything in the result is believed. */
static int check_signatures(const struct verification *v, struct err *err)
{
	bool is_signed = signature_is_there(v->dir, "SHA256SUMS");

	if (!v->o->signed_by) {
		log_note(is_signed ? "it is signed; by whom was not checked: "
				     "--signed-by FILE does that"
				   : "it is not signed");
		return 0;
	}
	int r = check_signature(v, "SHA256SUMS", err);
	/* A provenance.json without its signature is an error; none at all is not. */
	if (r < 0 || faccessat(v->dir, "provenance.json", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return r;
	return check_signature(v, "provenance.json", err);
}

/* A damaged copy says nothing about whether a build gives the same bytes. */
static int check_damage(const struct verification *v, struct err *err)
{
	progress_start("check", 0, PROGRESS_STEPS);
	int r = result_refuse_damaged(
		v->dir, v->given,
		"get an intact copy, or build it again: a damaged result is not compared", NULL,
		err);
	if (r < 0)
		return r;
	progress_end("SHA256SUMS holds");
	return 0;
}

/* --recipe, else recipes/NAME.yaml here, else the one that came with the program. */
static int find_recipe(struct verification *v, const char *lock, struct err *err)
{
	cleanup_free char *name = xstrndup(lock, strlen(lock) - strlen(LOCK_SUFFIX));
	cleanup_free char *file = xasprintf("%s.yaml", name);
	cleanup_free char *here = xasprintf("recipes/%s", file);

	if (v->o->recipe)
		return recipe_find(v->o->recipe, &v->recipe, err);
	v->recipe = access(here, R_OK) == 0 ? take_ptr(here) : shipped_recipe(file);
	if (v->recipe)
		return 0;
	err_set(err, ERR_USAGE, "there is no recipe recipes/%s", file);
	return err_hint(err, "name the one that '%s' was built from with --recipe FILE", name);
}

static int find_inputs(struct verification *v, struct err *err)
{
	cleanup_free char *lock = NULL;
	int r = open_result(v, &lock, err);

	if (r < 0)
		return r;
	r = check_signatures(v, err);
	if (r < 0)
		return r;
	r = check_damage(v, err);
	if (r < 0)
		return r;
	v->lock = xasprintf("%s/%s", v->path, lock);
	return find_recipe(v, lock, err);
}

/* ---- the work ------------------------------------------------------------------------------- */

static int build_again(struct verification *v, struct err *err)
{
	const struct verify_invocation *o = v->o;
	const struct build_options options = {
		.recipe = v->recipe,
		.site = &o->site,
		.set = &o->set,
		.allow = &o->allow,
		.lock = v->lock,
		.store = o->store,
		.mirror = o->mirror,
		.offline = o->offline,
	};
	int r = pipeline_lock(&v->build, &options, err);

	if (r < 0)
		return r;
	r = build_fetch(&v->build, err);
	if (r < 0)
		return r;
	const struct rebuild_options rebuild = {
		.original = v->dir,
		.lock = &v->build.lock,
		.recipe = &v->build.recipe,
		.site = &o->site,
		.set = &o->set,
		.allow = &o->allow,
		.store = v->build.store,
		.sandbox = o->sandbox,
		.memory = o->memory,
		.script_timeout = o->script_timeout,
		.jobs = o->jobs,
		.quiet = o->in.quiet,
		.verbose = o->in.verbose,
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
	r = result_diff(v->dir, rebuilt, &v->rebuild.variations, &v->differences, err);
	if (r < 0)
		return r;
	summary = xasprintf("%zu files", v->differences.files);
	progress_end(summary);
	return 0;
}

/* ---- what is said --------------------------------------------------------------------------- */

static void print_variations(const struct variations *c)
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
		printf("%s\n", t.data);
	print_variations(&v->rebuild.variations);
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
		json_add_name(o, "member", f->item[i].member);
		json_add_text(o, "what", f->item[i].what);
		json_add_text(o, "cause", f->item[i].follows ? NULL : f->item[i].cause);
		json_add_text(o, "maker", f->item[i].maker);
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
		.o = (const struct verify_invocation *)in,
		.given = in->argument[0],
		.dir = -1,
		.build = BUILD_INIT,
		.rebuild = REBUILD_INIT,
	};
	struct sandbox_limits checked;
	int r = script_limits(v.o->memory, v.o->script_timeout, &checked, err);

	if (r < 0)
		return r;
	r = find_inputs(&v, err);
	if (r < 0)
		return r;
	r = build_again(&v, err);
	if (r < 0)
		return r;
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
		       v.given, v.differences.count, v.differences.item[0].artifact);
}

static const struct option_row options[] = {
	TEXT("recipe", recipe, "RECIPE",
	     "what DIR was built from (default: recipes/NAME.yaml, else the shipped one of that "
	     "name)"),
	OPTION_SITE,
	OPTION_SET,
	OPTION_ALLOW,
	TEXT("signed-by", signed_by, "FILE",
	     "demand a signature by one of these keys: SSH public keys, allowed_signers, OpenPGP "
	     "keyring"),
	OPTION_STORE,
	OPTION_MIRROR,
	OPTION_OFFLINE,
	OPTION_SANDBOX,
	OPTION_MEMORY,
	OPTION_SCRIPT_TIMEOUT,
	OPTION_JOBS,
	OPTION_JSON,
	OPTION_QUIET,
	OPTION_VERBOSE,
	OPTION_HELP,
	OPTIONS_END,
};

static const struct example examples[] = {
	{ "verify out/rescue64/latest", "whether the same inputs give the same bytes again" },
	{ "verify --signed-by build-key.pub /srv/images/rescue64/latest",
	  "and whether it is signed by that key" },
	{ NULL, NULL },
};

const struct verb verb_verify = {
	.name = "verify",
	.arguments = "DIR",
	.summary = "build a result again under other conditions and compare",
	.description =
		"Checks DIR's signature, if --signed-by says whose, and its SHA256SUMS, builds it "
		"again from its own lock in a scratch directory "
		"under conditions as different as this machine permits (user, host name, clock "
		"since boot, time zone, language, umask, processors, keyboard, file system, order "
		"of directories, an empty store, …) and compares every byte. Says what was varied "
		"and what could not be.\n\n"
		"If anything differs it names the files, looks inside archives, shows how the "
		"content differs, groups all by likely cause, and exits with 5.",
	.example = examples,
	.min_arguments = 1,
	.max_arguments = 1,
	.option = options,
	.size = sizeof(INVOCATION),
	.run = run,
};
