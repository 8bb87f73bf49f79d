/* SPDX-License-Identifier: MIT */
/* The verbs that only print. */
#include <stdio.h>

#include "base/netrescue.h"
#include "command/completion.h"
#include "command/manual.h"
#include "command/options.h"
#include "command/verbs.h"
#include "recipe/schema-man.h"
#include "recipe/schema.h"
#include "sandbox/sandbox.h"

#define INVOCATION struct print_invocation
struct print_invocation {
	struct invocation in;
	bool markdown, example; /* recipe-help */
};

static int printed(int r, struct err *err)
{
	return r < 0 ? err_errno(err, ERR_BUILD, -r, "cannot write to standard output") : 0;
}

static int unknown_argument(const struct invocation *in, const char *choice, struct err *err)
{
	return err_set(err, ERR_USAGE, "netrescue %s: '%s' is not %s", in->verb->name,
		       in->argument[0], choice);
}

static int run_recipe_help(const struct invocation *in, struct err *err)
{
	const struct print_invocation *o = (const struct print_invocation *)in;

	if (o->markdown && o->example)
		return err_set(err, ERR_USAGE, "--markdown and --example exclude each other");
	return printed(o->example ? schema_write_example(stdout) : schema_write_markdown(stdout),
		       err);
}

static int run_completion(const struct invocation *in, struct err *err)
{
	if (in->argument_count == 0 || streq(in->argument[0], "bash"))
		completion_print_bash(in->verbs, stdout);
	else if (streq(in->argument[0], "zsh"))
		completion_print_zsh(in->verbs, stdout);
	else
		return unknown_argument(in, "bash or zsh", err);
	return 0;
}

static int run_man(const struct invocation *in, struct err *err)
{
	if (in->argument_count == 0) {
		manual_print(in->verbs, stdout);
		return 0;
	}
	if (!streq(in->argument[0], "recipe"))
		return unknown_argument(in, "a page: there are 'man' and 'man recipe'", err);
	return printed(schema_write_man(stdout), err);
}

static int run_version(const struct invocation *in, struct err *err)
{
	const char *releases;

	(void)in;
	(void)err;
	printf("netrescue %s (bytes-epoch %d)\n", NETRESCUE_VERSION, BYTES_EPOCH);
	printf("sandboxes: namespace %s, guestfs %s\n",
	       sandbox_is_installed("namespace") ? "is there" : "is missing",
	       sandbox_is_installed("guestfs") ? "is there" : "is not installed");
	puts("releases by epoch:");
	for (int epoch = 1; (releases = bytes_epoch_releases(epoch)); epoch++)
		printf("  %d  netrescue %s\n", epoch, releases);
	return 0;
}

static const struct option_row help_only[] = { OPTION_HELP, OPTIONS_END };
static const struct option_row recipe_options[] = {
	FLAG("markdown", markdown, "as docs/recipe.md (the default)"),
	FLAG("example", example, "as a commented recipe with every key"),
	OPTION_HELP,
	OPTIONS_END,
};

static const struct example recipe_examples[] = {
	{ "recipe-help --example > site.yaml", "a recipe to start from" },
	{ "man recipe | man -l -", "the same reference as a man page" },
	{ NULL, NULL },
};

static const struct example completion_examples[] = {
	{ "completion bash > /etc/bash_completion.d/netrescue", "for bash and all users" },
	{ "completion zsh > ~/.zfunc/_netrescue",
	  "for zsh, if ~/.zfunc is in its fpath before compinit runs" },
	{ NULL, NULL },
};

static const struct example man_examples[] = {
	{ "man | man -l -", "netrescue(1), read at once" },
	{ "man recipe > netrescue-recipe.5", "netrescue-recipe(5), into a file" },
	{ NULL, NULL },
};

static const struct example version_examples[] = {
	{ "version | head -n 1", "the version and the bytes-epoch alone" },
	{ NULL, NULL },
};

const struct verb verb_recipe_help = {
	.name = "recipe-help",
	.arguments = "",
	.summary = "every key of a recipe, explained",
	.description =
		"Prints the recipe's reference: each key with its type, default and meaning.",
	.example = recipe_examples,
	.option = recipe_options,
	.size = sizeof(INVOCATION),
	.run = run_recipe_help,
};

const struct verb verb_completion = {
	.name = "completion",
	.arguments = "[bash|zsh]",
	.words = "bash zsh",
	.summary = "print the completion for bash or zsh",
	.description =
		"Prints a script that completes verbs, options, their values, recipes and results: "
		"for bash if no shell is named. For this shell alone: "
		"source <(netrescue completion)",
	.example = completion_examples,
	.max_arguments = 1,
	.option = help_only,
	.size = sizeof(INVOCATION),
	.run = run_completion,
};

const struct verb verb_man = {
	.name = "man",
	.arguments = "[recipe]",
	.words = "recipe",
	.summary = "print the man pages",
	.description = "Prints netrescue(1) in troff, or netrescue-recipe(5), the reference of "
		       "recipes, for `man recipe`.",
	.example = man_examples,
	.max_arguments = 1,
	.option = help_only,
	.size = sizeof(INVOCATION),
	.run = run_man,
};

const struct verb verb_version = {
	.name = "version",
	.arguments = "",
	.summary = "print the version",
	.description =
		"Prints netrescue's version and its bytes-epoch, which sandboxes are there, and "
		"which releases make which bytes-epoch: two releases with the same bytes-epoch "
		"make the same bytes of the same lock.",
	.example = version_examples,
	.option = help_only,
	.size = sizeof(INVOCATION),
	.run = run_version,
};
