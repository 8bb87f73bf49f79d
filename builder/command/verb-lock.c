/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/log.h"
#include "command/options.h"
#include "command/pipeline.h"
#include "command/shipped.h"
#include "command/verbs.h"

#define INVOCATION struct lock_invocation
struct lock_invocation {
	struct invocation in;
	const char *keep;
	const char *lock; /* what --keep was called in netrescue 0.1 */
	struct strv site, set, allow;
	struct strv update;
	const char *store, *mirror, *keyring;
	bool offline;
};

/* The lock whose versions stay, by either spelling. */
static int choose_kept(const struct lock_invocation *o, const char **ret, struct err *err)
{
	if (o->keep && o->lock)
		return err_set(err, ERR_USAGE, "--keep and --lock are the same: give --keep alone");
	if (o->lock)
		log_note("'netrescue lock --lock' is now called 'netrescue lock --keep': "
			 "write --keep %s",
			 o->lock);
	*ret = o->keep ? o->keep : o->lock;
	if (*ret || o->update.count == 0)
		return 0;
	err_set(err, ERR_USAGE, "--update %s needs the lock whose package is to be updated",
		o->update.item[0]);
	return err_hint(err, "name it: --keep FILE");
}

static int run(const struct invocation *in, struct err *err)
{
	const struct lock_invocation *o = (const struct lock_invocation *)in;
	CLEANUP(build_release) struct build b = BUILD_INIT;
	cleanup_free char *recipe = NULL;
	const char *kept = NULL;
	int r = choose_kept(o, &kept, err);

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
		.store = o->store,
		.mirror = o->mirror,
		.keyring = o->keyring,
		.offline = o->offline,
		.keep = kept,
		.update = kept ? &o->update : NULL,
	};
	r = pipeline_lock(&b, &options, err);
	if (r < 0)
		return r;
	cleanup_free char *text = lock_text(&b.lock);
	fputs(text, stdout);
	return 0;
}

static const struct option_row options[] = {
	OPTION_SITE,
	OPTION_SET,
	OPTION_ALLOW,
	TEXT("keep", keep, "FILE", "keep the versions that this lock has"),
	TEXT("lock", lock, "FILE", "as --keep", .hidden = true),
	LIST("update", update, "NAME",
	     "with --keep: but move this package, and what its new version needs; may be repeated"),
	OPTION_STORE,
	OPTION_MIRROR,
	OPTION_KEYRING,
	OPTION_OFFLINE,
	OPTION_QUIET,
	OPTION_VERBOSE,
	OPTION_HELP,
	OPTIONS_END,
};

static const struct example examples[] = {
	{ "lock rescue64 > rescue64.lock", "what a build would take today, to be kept in git" },
	{ "lock --keep old.lock --update openssl rescue64 > new.lock",
	  "the same versions again, but for openssl" },
	{ NULL, NULL },
};

const struct verb verb_lock = {
	.name = "lock",
	.arguments = "RECIPE",
	.summary = "resolve a recipe's packages and print the lock",
	.description =
		"Prints what a build would use: every package with version, size and SHA-256,"
		" the time stamp that files get, and the recipe's digest. Keep it in git and "
		"build with --lock FILE: the bytes then never change. Nothing but a few bytes"
		" of each package is downloaded.\n\n"
		"With --keep FILE every package stays at the version it has there, even where the "
		"mirror has newer ones or has it no longer: for a recipe or overlay that has "
		"changed. --update NAME, which may be given again, moves that package, and others "
		"only where its new version needs them; what moves and why is said on stderr.\n\n"
		"--site, --set and --allow are as for `netrescue build`, which then needs the same "
		"ones.",
	.example = examples,
	.min_arguments = 1,
	.max_arguments = 1,
	.option = options,
	.size = sizeof(INVOCATION),
	.missing = recipe_hint,
	.run = run,
};
