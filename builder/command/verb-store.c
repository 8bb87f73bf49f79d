/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "archive/store-archive.h"
#include "command/options.h"
#include "command/verbs.h"

#define INVOCATION struct store_invocation
struct store_invocation {
	struct invocation in;
	const char *store;
};

static int say(const char *done, const struct store_archive_report *report)
{
	char size[16];

	printf("%s %" PRIu64 " packages and %" PRIu64 " indices, %s\n", done, report->packages,
	       report->indices, human_size(report->bytes, size));
	return 0;
}

static int run_export(struct store *s, const struct invocation *in, struct err *err)
{
	CLEANUP(lock_release) struct lock lock = { 0 };
	struct store_archive_report report = { 0 };
	int r = lock_read(in->argument[1], &lock, err);

	if (r < 0)
		return r;
	r = store_export(s, &lock, in->argument[2], &report, err);
	return r < 0 ? r : say("exported", &report);
}

static int run_import(struct store *s, const struct invocation *in, struct err *err)
{
	struct store_archive_report report = { 0 };
	int r = store_import(s, in->argument[1], &report, err);

	return r < 0 ? r : say("imported", &report);
}

static int run(const struct invocation *in, struct err *err)
{
	const struct store_invocation *o = (const struct store_invocation *)in;
	bool export = streq(in->argument[0], "export") && in->argument_count == 3;
	bool import = streq(in->argument[0], "import") && in->argument_count == 2;
	CLEANUP(store_cleanup) struct store *store = NULL;
	int r;

	if (!export && !import) {
		err_set(err, ERR_USAGE,
			"netrescue store: the arguments must be 'export LOCK FILE' or "
			"'import FILE'");
		return err_hint(err, "'netrescue store --help' explains both");
	}
	r = store_open(o->store, &store, err);
	if (r < 0)
		return r;
	return export ? run_export(store, in, err) : run_import(store, in, err);
}

static const struct option_row options[] = {
	OPTION_STORE, OPTION_QUIET, OPTION_VERBOSE, OPTION_HELP, OPTIONS_END,
};

static const struct example examples[] = {
	{ "store export rescue64.lock rescue64.tar.zst", "all packages of the lock in one file" },
	{ "store import rescue64.tar.zst", "on another machine, which can then build offline" },
	{ NULL, NULL },
};

const struct verb verb_store = {
	.name = "store",
	.arguments = "export LOCK FILE | import FILE",
	.words = "export import",
	.summary = "carry what a lock needs to another machine",
	.description =
		"export writes every package of the lock, and the indices of its suites where the "
		"store has them, into one archive (FILE.tar.zst): enough to build with --lock and "
		"--offline on a machine that has never seen a network, or when no mirror has the "
		"packages any more. The recipe's own files are not in it.\n\n"
		"import puts that into the store. Each file must have the SHA-256 that the lock or "
		"an index names, and nothing else may be there, or the store stays as it was.",
	.example = examples,
	.min_arguments = 2,
	.max_arguments = 3,
	.option = options,
	.size = sizeof(INVOCATION),
	.run = run,
};
