/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "command/pipeline.h"
#include "command/verbs.h"

#define FIELD(name) offsetof(struct invocation, name)

static int run(const struct invocation *in, struct err *err)
{
	CLEANUP(build_release) struct build b = BUILD_INIT;
	struct build_options options = {
		.recipe = in->argument[0],
		.store = in->store,
		.mirror = in->mirror,
		.keyring = in->keyring,
		.offline = in->offline,
		.keep = in->lock,
		.update = in->lock ? &in->update : NULL,
	};
	int r;

	if (in->update.count > 0 && !in->lock) {
		(void)err_set(err, ERR_USAGE, "--update %s: of which lock?", in->update.item[0]);
		return err_hint(err, "name it: --lock FILE");
	}
	r = pipeline_lock(&b, &options, err);
	if (r < 0)
		return r;
	cleanup_free char *text = lock_text(&b.lock);
	fputs(text, stdout);
	return 0;
}

static const struct option_row keep = {
	"lock", 0, OPTION_TEXT, "FILE", "keep the versions of this lock", FIELD(lock),
};
static const struct option_row update = {
	"update",
	0,
	OPTION_LIST,
	"NAME",
	"but for this package and what its new version needs",
	FIELD(update),
};

static const struct option_row *const options[] = {
	&keep,		 &update,	&option_store,	 &option_mirror, &option_keyring,
	&option_offline, &option_quiet, &option_verbose, &option_help,	 NULL,
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
		"With --lock FILE every package stays at the version it has there, even where the "
		"mirror has newer ones or has it no longer: for a recipe or overlay that has "
		"changed. --update NAME, which may be given again, moves that package, and others "
		"only where its new version needs them; what moves and why is said on stderr.",
	.min_arguments = 1,
	.max_arguments = 1,
	.option = options,
	.run = run,
};
