/* SPDX-License-Identifier: MIT */
/* The verbs that only print, and the hidden one for our own worker processes. */
#include <stdio.h>

#include "archive/lock.h"
#include "base/netrescue.h"
#include "command/verbs.h"
#include "recipe/schema.h"
#include "deb/deb.h"

static const struct option_row *const help_only[] = { &option_help, NULL };
static const struct option_row *const recipe_options[] = { &option_markdown, &option_example,
							   &option_help, NULL };

static int run_recipe_help(const struct invocation *in, struct err *err)
{
	if (in->markdown && in->example)
		return err_set(err, ERR_USAGE, "--markdown and --example exclude each other");
	int r = in->example ? schema_write_example(stdout) : schema_write_markdown(stdout);

	return r < 0 ? err_errno(err, ERR_BUILD, -r, "cannot write to standard output") : 0;
}

static int run_completion(const struct invocation *in, struct err *err)
{
	(void)in;
	(void)err;
	help_print_completion(stdout);
	return 0;
}

static int run_man(const struct invocation *in, struct err *err)
{
	(void)in;
	(void)err;
	help_print_man(stdout);
	return 0;
}

static int run_version(const struct invocation *in, struct err *err)
{
	(void)in;
	(void)err;
	printf("netrescue %s (bytes-epoch %d)\n", NETRESCUE_VERSION, BYTES_EPOCH);
	return 0;
}

static int run_deb_worker(const struct invocation *in, struct err *err)
{
	(void)err;
	return deb_worker(in->argument[0]);
}

static int run_deb_tar(const struct invocation *in, struct err *err)
{
	(void)err;
	return deb_tar(in->argument[0]);
}

const struct verb verb_recipe_help = {
	.name = "recipe-help",
	.arguments = "",
	.summary = "every key of a recipe, explained",
	.description =
		"Prints the recipe's reference: each key with its type, default and meaning.",
	.option = recipe_options,
	.run = run_recipe_help,
};

const struct verb verb_completion = {
	.name = "completion",
	.arguments = "",
	.summary = "print the bash completion",
	.description = "Prints a script for bash: source <(netrescue completion)",
	.option = help_only,
	.run = run_completion,
};

const struct verb verb_man = {
	.name = "man",
	.arguments = "",
	.summary = "print the man page",
	.description = "Prints the man page in troff: netrescue man | man -l -",
	.option = help_only,
	.run = run_man,
};

const struct verb verb_version = {
	.name = "version",
	.arguments = "",
	.summary = "print the version",
	.description = "Prints netrescue's version and its bytes-epoch: two versions with the same "
		       "bytes-epoch make the same bytes.",
	.option = help_only,
	.run = run_version,
};

const struct verb verb_deb_worker = {
	.name = "deb-worker",
	.arguments = "STORE",
	.summary = "rewrite .debs for a builder",
	.description = "A worker process of netrescue's own.",
	.hidden = true,
	.min_arguments = 1,
	.max_arguments = 1,
	.option = help_only,
	.run = run_deb_worker,
};

const struct verb verb_deb_tar = {
	.name = "deb-tar",
	.arguments = "STORE",
	.summary = "stream blobs of the store",
	.description = "A worker process of netrescue's own.",
	.hidden = true,
	.min_arguments = 1,
	.max_arguments = 1,
	.option = help_only,
	.run = run_deb_tar,
};
