/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>

#include "base/progress.h"
#include "command/verbs.h"
#include "diff/diff.h"
#include "base/json.h"

#define LINES_MAX 40 /* below one heading */

static int run(const struct invocation *in, struct err *err)
{
	CLEANUP(diff_release) struct diff d = { 0 };
	size_t most = in->all ? 0 : LINES_MAX;
	int r;

	if (in->json && in->markdown)
		return err_set(err, ERR_USAGE, "--json and --markdown exclude each other");
	if (in->json)
		progress_set_mode(PROGRESS_NONE); /* the answer is one object */
	r = diff_read(in->argument[0], in->argument[1], &d, err);
	/* 1 means that they differ. */
	if (r < 0 && err->class == ERR_BUILD)
		err->class = ERR_USAGE;
	if (r < 0)
		return r;
	if (in->json)
		json_print(diff_json(&d));
	else if (in->markdown)
		diff_print_markdown(&d, most, stdout);
	else
		diff_print_text(&d, most, stdout);
	return d.count > 0;
}

static const struct option_row markdown = { "markdown",
					    0,
					    OPTION_FLAG,
					    NULL,
					    "as Markdown, for a mail or a pull request",
					    offsetof(struct invocation, markdown) };
static const struct option_row json = {
	"json", 0, OPTION_FLAG, NULL, "as one JSON object", offsetof(struct invocation, json)
};
static const struct option_row all = {
	"all",
	0,
	OPTION_FLAG,
	NULL,
	"every line, where text and Markdown stop after 40 below a heading",
	offsetof(struct invocation, all)
};

static const struct option_row *const options[] = {
	&all, &json, &markdown, &option_quiet, &option_verbose, &option_help, NULL,
};

const struct verb verb_diff = {
	.name = "diff",
	.arguments = "OLD NEW",
	.summary = "say what changed between two results or two locks",
	.description =
		"OLD and NEW are results (OUT/RECIPE/VERSION, or latest) or locks. Locks tell of "
		"kernel, suite and packages; results also of permissions, settings, menu, files "
		"and sizes. What matters comes first; files that a changed package explains are "
		"counted in its line, the others are named. Of a result and a lock the locks are "
		"compared. Exits with 0 if there is no difference, 1 if there is one.",
	.min_arguments = 2,
	.max_arguments = 2,
	.option = options,
	.run = run,
};
