/* SPDX-License-Identifier: MIT */
/* The hidden verbs, by which netrescue starts processes of its own: the workers that rewrite and
 * send .debs, and `vary`, which varies the conditions under which `verify` builds. */
#include "command/options.h"
#include "command/verbs.h"
#include "deb/deb.h"
#include "verify/vary.h"

#define INVOCATION struct internal_invocation
struct internal_invocation {
	struct invocation in;
};

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

static int run_vary(const struct invocation *in, struct err *err)
{
	return vary_run(in->argument, err);
}

static const struct option_row options[] = { OPTION_HELP, OPTIONS_END };

const struct verb verb_deb_worker = {
	.name = "deb-worker",
	.arguments = "STORE",
	.summary = "rewrite .debs for a builder",
	.description = "A worker process of netrescue's own.",
	.hidden = true,
	.min_arguments = 1,
	.max_arguments = 1,
	.option = options,
	.size = sizeof(INVOCATION),
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
	.option = options,
	.size = sizeof(INVOCATION),
	.run = run_deb_tar,
};

const struct verb verb_vary = {
	.name = "vary",
	.arguments = "SETTING=VALUE… COMMAND…",
	.summary = "run a command under other conditions",
	.description = "A process of netrescue's own.",
	.hidden = true,
	.min_arguments = 1,
	.max_arguments = 10000,
	.option = options,
	.size = sizeof(INVOCATION),
	.run = run_vary,
};
