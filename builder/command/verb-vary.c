/* SPDX-License-Identifier: MIT */
/* The hidden verb by which `verify` builds as on another machine. */
#include "command/verbs.h"
#include "verify/vary.h"

static int run(const struct invocation *in, struct err *err)
{
	return vary_run(in->argument, err);
}

static const struct option_row *const options[] = { &option_help, NULL };

const struct verb verb_vary = {
	.name = "vary",
	.arguments = "SETTING=VALUE… COMMAND…",
	.summary = "run a command under other conditions",
	.description = "A process of netrescue's own.",
	.hidden = true,
	.min_arguments = 1,
	.max_arguments = 10000,
	.option = options,
	.run = run,
};
