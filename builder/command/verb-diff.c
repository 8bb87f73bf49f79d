/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>

#include "base/json.h"
#include "base/progress.h"
#include "command/options.h"
#include "command/verbs.h"
#include "diff/diff.h"

#define LINES_MAX 40 /* below one heading */

#define INVOCATION struct diff_invocation
struct diff_invocation {
	struct invocation in;
	bool all, markdown;
};

static int run(const struct invocation *in, struct err *err)
{
	const struct diff_invocation *o = (const struct diff_invocation *)in;
	CLEANUP(diff_release) struct diff d = { 0 };
	size_t most = o->all ? 0 : LINES_MAX;
	int r;

	if (in->json && o->markdown)
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
	else if (o->markdown)
		diff_print_markdown(&d, most, stdout);
	else
		diff_print_text(&d, most, stdout);
	return d.count > 0;
}

static const struct option_row options[] = {
	FLAG("all", all, "every line, where text and Markdown stop after 40 below a heading"),
	FLAG("json", in.json, "as one JSON object"),
	FLAG("markdown", markdown, "as Markdown, for a mail or a pull request"),
	OPTION_QUIET,
	OPTION_VERBOSE,
	OPTION_HELP,
	OPTIONS_END,
};

static const struct example examples[] = {
	{ "diff out/rescue64/20260829T041900Z-1f3a9c2e out/rescue64/latest",
	  "what the newest result changes" },
	{ "diff --markdown old.lock rescue64.lock", "what a new lock brings, for a pull request" },
	{ NULL, NULL },
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
	.example = examples,
	.min_arguments = 2,
	.max_arguments = 2,
	.option = options,
	.size = sizeof(INVOCATION),
	.run = run,
};
