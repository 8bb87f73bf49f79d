/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/json.h"
#include "command/options.h"
#include "command/verbs.h"
#include "serve/versions.h"

#define INVOCATION struct rollback_invocation
struct rollback_invocation {
	struct invocation in;
	const char *ssh;
	unsigned wait;
	bool dry_run;
};

static int run(const struct invocation *in, struct err *err)
{
	const struct rollback_invocation *o = (const struct rollback_invocation *)in;
	const struct serve_options options = {
		.at = in->argument[0],
		.ssh = o->ssh,
		.wait = o->wait,
		.dry_run = o->dry_run,
	};
	cleanup_free char *to = NULL;
	int r = versions_rollback(&options, in->argument_count > 1 ? in->argument[1] : NULL, &to,
				  err);

	if (r < 0)
		return r;
	if (in->json) {
		json_t *event = json_object();

		json_add_text(event, "event", "result");
		json_add_text(event, "first", to);
		json_print(event);
	} else {
		printf("%s %s first in the menu\n", to, o->dry_run ? "would come" : "comes");
	}
	return 0;
}

static const struct option_row options[] = {
	OPTION_SSH, OPTION_WAIT, OPTION_DRY_RUN, OPTION_JSON, OPTION_HELP, OPTIONS_END,
};

static const struct example examples[] = {
	{ "rollback root@boot:/srv/pxe", "to the version before, where there is one recipe" },
	{ "rollback root@boot:/srv/pxe rescue64/20260829T041900Z-1f3a9c2e", "to a certain one" },
	{ NULL, NULL },
};

const struct verb verb_rollback = {
	.name = "rollback",
	.arguments = "[USER@]HOST:/srv/pxe|/srv/pxe [VERSION]",
	.summary = "put an earlier version first in a server's menu",
	.description = "By one rename, the entries of VERSION come first, until the next deploy. "
		       "Later versions stay where they are, under \"Earlier versions\" as well. "
		       "Clients that run notice nothing.",
	.example = examples,
	.min_arguments = 1,
	.max_arguments = 2,
	.option = options,
	.size = sizeof(INVOCATION),
	.run = run,
};
