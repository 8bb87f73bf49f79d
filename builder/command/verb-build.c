/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"
#include "command/pipeline.h"
#include "command/verbs.h"
#include "base/json.h"

static void print_json_result(const struct build *b)
{
	json_t *o = json_object();

	json_add_text(o, "event", "result");
	json_object_set_new(o, "up-to-date", json_boolean(b->up_to_date));
	json_add_text(o, "version", strrchr(b->done, '/') + 1);
	json_add_text(o, "path", b->done);
	json_print(o);
}

/* Of this process: the image's programs and our workers are children. */
static void say_memory(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) == 0)
		log_debug("peak memory of netrescue itself: %ld MB",
			  (usage.ru_maxrss * 1024 + 999999) / 1000000);
}

static int run(const struct invocation *in, struct err *err)
{
	CLEANUP(build_release) struct build b = BUILD_INIT;
	struct build_options options = {
		.recipe = in->argument[0],
		.lock = in->lock,
		.out = in->out ? in->out : "out",
		.store = in->store,
		.mirror = in->mirror,
		.keyring = in->keyring,
		.sandbox = in->sandbox,
		.sign = in->sign,
		.jobs = in->jobs,
		.offline = in->offline,
		.no_cache = in->no_cache,
	};
	int r = pipeline_build(&b, &options, err);

	if (r < 0)
		return r;
	if (b.up_to_date)
		log_note("up to date: the latest result has exactly these packages and settings");
	say_memory();
	if (in->json)
		print_json_result(&b);
	else
		printf("%s\n", b.done);
	return 0;
}

static const struct option_row option_sign = { "sign",
					       0,
					       OPTION_TEXT,
					       "KEY",
					       "sign SHA256SUMS: the file of an SSH key, or a key "
					       "id of gpg's",
					       offsetof(struct invocation, sign) };

static const struct option_row *const options[] = {
	&option_lock,	 &option_out,	   &option_store,   &option_mirror, &option_keyring,
	&option_offline, &option_no_cache, &option_sandbox, &option_sign,   &option_jobs,
	&option_json,	 &option_quiet,	   &option_verbose, &option_help,   NULL,
};

const struct verb verb_build = {
	.name = "build",
	.arguments = "RECIPE",
	.summary = "make a rescue image from a recipe",
	.description =
		"Resolves the recipe's packages, fetches and verifies them, installs them "
		"into a tree in a sandbox without network, and leaves OUT/RECIPE/VERSION: the"
		" TFTP tree, the root file system, snippets for the server, the lock and "
		"checksums. The same lock gives the same bytes on any machine, as any user. "
		"Prints the result's directory.\n\n"
		"With --lock nothing is resolved: exactly the locked packages are used, or "
		"the build fails. A result that is there already is kept.\n\n"
		"With --sign, SHA256SUMS and provenance.json get a signature beside them, "
		"which `netrescue verify --signed-by` checks, and so do ssh-keygen and gpgv.",
	.min_arguments = 1,
	.max_arguments = 1,
	.option = options,
	.run = run,
};
