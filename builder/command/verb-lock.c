/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "command/pipeline.h"
#include "command/verbs.h"

static int run(const struct invocation *in, struct err *err)
{
	CLEANUP(build_release) struct build b = BUILD_INIT;
	struct build_options options = {
		.recipe = in->argument[0],
		.store = in->store,
		.mirror = in->mirror,
		.keyring = in->keyring,
		.offline = in->offline,
	};
	int r = pipeline_lock(&b, &options, err);

	if (r < 0)
		return r;
	cleanup_free char *text = lock_text(&b.lock);
	fputs(text, stdout);
	return 0;
}

static const struct option_row *const options[] = {
	&option_store, &option_mirror,	&option_keyring, &option_offline,
	&option_quiet, &option_verbose, &option_help,	 NULL,
};

const struct verb verb_lock = {
	.name = "lock",
	.arguments = "RECIPE",
	.summary = "resolve a recipe's packages and print the lock",
	.description =
		"Prints what a build would use: every package with version, size and SHA-256,"
		" the time stamp that files get, and the recipe's digest. Keep it in git and "
		"build with --lock FILE: the bytes then never change. Nothing but a few bytes"
		" of each package is downloaded.",
	.min_arguments = 1,
	.max_arguments = 1,
	.option = options,
	.run = run,
};
