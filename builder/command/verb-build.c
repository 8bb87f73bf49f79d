/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/json.h"
#include "base/log.h"
#include "command/options.h"
#include "command/pipeline.h"
#include "command/script-limits.h"
#include "command/shipped.h"
#include "command/verbs.h"

#define INVOCATION struct build_invocation
struct build_invocation {
	struct invocation in;
	struct strv site, set, allow;
	const char *set_directory; /* hidden: for `netrescue verify`, which builds elsewhere */
	const char *lock, *out, *sign;
	const char *store, *mirror, *keyring, *sandbox, *memory, *script_timeout;
	unsigned jobs;
	bool offline, no_cache;
};

static void print_json_result(const struct build *b)
{
	json_t *o = json_object();

	json_add_text(o, "event", "result");
	json_object_set_new(o, "up-to-date", json_boolean(b->up_to_date));
	json_add_text(o, "version", strrchr(b->done, '/') + 1);
	json_add_text(o, "path", b->done);
	json_print(o);
}

/* This process alone: the image's programs and our workers are children. */
static void say_memory(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) == 0)
		log_debug("peak memory of netrescue itself: %ld MB",
			  (usage.ru_maxrss * 1024 + 999999) / 1000000);
}

static int run(const struct invocation *in, struct err *err)
{
	const struct build_invocation *o = (const struct build_invocation *)in;
	CLEANUP(build_release) struct build b = BUILD_INIT;
	cleanup_free char *recipe = NULL;
	struct sandbox_limits limits;
	int r = script_limits(o->memory, o->script_timeout, &limits, err);

	if (r < 0)
		return r;
	r = recipe_find(in->argument[0], &recipe, err);
	if (r < 0)
		return r;
	const struct build_options options = {
		.recipe = recipe,
		.site = &o->site,
		.set = &o->set,
		.allow = &o->allow,
		.set_directory = o->set_directory,
		.lock = o->lock,
		.out = o->out ? o->out : "out",
		.store = o->store,
		.mirror = o->mirror,
		.keyring = o->keyring,
		.sandbox = o->sandbox,
		.limits = limits,
		.sign = o->sign,
		.jobs = o->jobs,
		.offline = o->offline,
		.no_cache = o->no_cache,
	};
	r = pipeline_build(&b, &options, err);
	if (r < 0)
		return r;
	if (b.up_to_date)
		log_note("up to date: the latest result has exactly these packages and settings");
	say_memory();
	if (in->json)
		print_json_result(&b);
	else
		printf("%s\n", b.done);
	return 0;
}

static const struct option_row options[] = {
	OPTION_SITE,
	OPTION_SET,
	OPTION_ALLOW,
	TEXT("set-directory", set_directory, "DIR", "where relative paths in --set start",
	     .hidden = true),
	TEXT("lock", lock, "FILE", "build exactly what this lock says, or fail"),
	OPTION_OUT,
	OPTION_STORE,
	OPTION_MIRROR,
	OPTION_KEYRING,
	OPTION_OFFLINE,
	FLAG("no-cache", no_cache, "build from nothing even if the result is there, and compare"),
	OPTION_SANDBOX,
	OPTION_MEMORY,
	OPTION_SCRIPT_TIMEOUT,
	TEXT("sign", sign, "KEY",
	     "sign SHA256SUMS: the file of an SSH key, or the id of a key of gpg's"),
	OPTION_JOBS,
	OPTION_JSON,
	OPTION_QUIET,
	OPTION_VERBOSE,
	OPTION_HELP,
	OPTIONS_END,
};

static const struct example examples[] = {
	{ "build rescue64", "the rescue system that comes with netrescue, into out/rescue64" },
	{ "build site/siterescue.yaml --out /srv/images", "your own recipe, to another place" },
	{ "build rescue64 --site berlin.yaml --set packages+=vim",
	  "with what the site's file says instead, and one package more" },
	{ "build rescue64 --lock rescue64.lock --offline",
	  "the same bytes as when the lock was made, from packages in the store alone" },
	{ NULL, NULL },
};

const struct verb verb_build = {
	.name = "build",
	.arguments = "RECIPE",
	.summary = "make a rescue image from a recipe",
	.description =
		"RECIPE is a file, or the name of a recipe that comes with netrescue.\n\n"
		"Resolves the recipe's packages, fetches and verifies them, installs them "
		"into a tree in a sandbox without network, and leaves OUT/RECIPE/VERSION: the"
		" TFTP tree, the root file system, snippets for the server, the lock and "
		"checksums. The same lock gives the same bytes on any machine, as any user. "
		"Prints the result's directory.\n\n"
		"With --site FILE, the keys of FILE are laid over the recipe as if FILE were a "
		"recipe that extends it, and so one recipe serves many sites; --set KEY=VALUE "
		"lays one key over both, by its full name (server.address), with a value in "
		"YAML: a list replaces the recipe's, and KEY+=VALUE adds to it. Paths in FILE "
		"are relative to FILE, in --set to the current directory. Nothing is read that "
		"is not named here. The lock notices a change of these as one of the recipe."
		"\n\n"
		"The recipe may name files in its own folder, and of those that come with "
		"netrescue; in `recipes`, also those in `overlays` beside it. With --allow PATH it "
		"may read that folder or file, too. What --site and --set name is yours, wherever "
		"it lies.\n\n"
		"With --lock nothing is resolved: exactly the locked packages are used, or "
		"the build fails. A result that is there already is kept.\n\n"
		"Stages whose inputs are those of an earlier build are not run again: their "
		"results come from the store, and the bytes are the same. With --no-cache all of "
		"them run.\n\n"
		"A script that takes more memory than --memory, forks without end or runs longer "
		"than --script-timeout ends the build; one that says nothing for five minutes is "
		"named in a warning. docs/sandbox.md has all limits.\n\n"
		"With --sign, SHA256SUMS and provenance.json get a signature beside them, "
		"which `netrescue verify --signed-by` checks, and so do ssh-keygen and gpgv.",
	.example = examples,
	.min_arguments = 1,
	.max_arguments = 1,
	.option = options,
	.size = sizeof(INVOCATION),
	.missing = recipe_hint,
	.run = run,
};
