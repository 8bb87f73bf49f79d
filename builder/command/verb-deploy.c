/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "command/options.h"
#include "command/verbs.h"
#include "serve/deploy.h"

#define INVOCATION struct deploy_invocation
struct deploy_invocation {
	struct invocation in;
	const char *ssh, *signed_by;
	unsigned wait;
	bool adopt, dry_run;
};

static void show_step(const char *name, void *data)
{
	const struct deploy_invocation *o = data;

	if (o->in.json) {
		json_t *event = json_object();

		json_add_text(event, "event", "step");
		json_add_text(event, "step", name);
		json_print(event);
	} else {
		progress_detail("%s", name);
		log_debug("the server does: %s", name);
	}
}

/* ---- what will be done ----------------------------------------------------------------------- */

static void print_plan_json(const struct deployment *d, size_t i)
{
	const struct deployable *result = &d->result[i];
	const struct deploy_plan *plan = &d->plan[i];
	cleanup_free char *to = serve_place_text(&d->place);
	json_t *o = json_object();

	json_add_text(o, "event", "plan");
	json_add_text(o, "recipe", result->recipe);
	json_add_text(o, "version", result->version);
	json_add_text(o, "to", to);
	json_add_text(o, "tftp-root", result->tftp_root);
	json_object_set_new(o, "there", json_boolean(plan->there));
	json_add_number(o, "upload-files", plan->upload.count);
	json_add_number(o, "upload-bytes", plan->bytes);
	json_add_number(o, "unpack-bytes", plan->unpack ? result->tar_size : 0);
	json_add_number(o, "unpack-files", plan->unpack ? result->members : 0);
	if (plan->free_kib < UINT64_MAX / 1024)
		json_add_number(o, "free-bytes", plan->free_kib * 1024);
	if (plan->free_inodes < UINT64_MAX)
		json_add_number(o, "free-inodes", plan->free_inodes);
	json_add_text(o, "file-system", plan->file_system);
	json_print(o);
}

static void print_space(const struct deployable *result, const struct deploy_plan *plan)
{
	CLEANUP(text_release) struct text kind = { 0 };
	char size[16], available[16];

	if (!plan->unpack)
		return;
	text_add_escaped(&kind, plan->file_system ? plan->file_system : "unknown");
	printf("  unpack   %s, %" PRIu64 " files", human_size(result->tar_size, size),
	       result->members);
	if (plan->free_kib < UINT64_MAX / 1024)
		printf("; %s are free there (%s)", human_size(plan->free_kib * 1024, available),
		       kind.data);
	printf("\n");
}

static void print_plan(const struct deployment *d, size_t i)
{
	const struct deployable *result = &d->result[i];
	const struct deploy_plan *plan = &d->plan[i];
	cleanup_free char *to = serve_place_text(&d->place);
	char size[16];

	printf("%s %s to %s\n", result->recipe, result->version, to);
	if (plan->there) {
		printf("  it is there already; its entries come first in the menu\n");
		return;
	}
	printf("  upload   %s in %zu files\n", human_size(plan->bytes, size), plan->upload.count);
	print_space(result, plan);
	printf("  menu     its entries come first; TFTP root %s\n", result->tftp_root);
}

static void print_plans(const struct deployment *d, bool json)
{
	for (size_t i = 0; i < d->count; i++) {
		if (json)
			print_plan_json(d, i);
		else
			print_plan(d, i);
	}
	(void)fflush(stdout);
}

/* ---- what was done --------------------------------------------------------------------------- */

static void print_done(const struct deployment *d, bool json)
{
	for (size_t i = 0; i < d->count; i++) {
		const struct deployable *result = &d->result[i];
		json_t *o;

		if (!json) {
			printf("deployed %s/%s\n", result->recipe, result->version);
			continue;
		}
		o = json_object();
		json_add_text(o, "event", "result");
		json_add_text(o, "recipe", result->recipe);
		json_add_text(o, "version", result->version);
		json_add_number(o, "uploaded-bytes", d->plan[i].there ? 0 : d->plan[i].bytes);
		json_print(o);
	}
}

static int run(const struct invocation *in, struct err *err)
{
	const struct deploy_invocation *o = (const struct deploy_invocation *)in;
	CLEANUP(deployment_release) struct deployment d = DEPLOYMENT_INIT;
	const struct deploy_options options = {
		.dir = in->argument,
		.dir_count = in->argument_count - 1,
		.to = in->argument[in->argument_count - 1],
		.ssh = o->ssh,
		.signed_by = o->signed_by,
		.adopt = o->adopt,
		.wait = o->wait,
		.step = show_step,
		.step_data = (void *)(uintptr_t)o,
	};
	int r = deployment_begin(&d, &options, err);

	if (r < 0)
		return r;
	print_plans(&d, in->json);
	if (o->dry_run)
		return 0;
	r = deployment_run(&d, err);
	if (r == 0)
		print_done(&d, in->json);
	return r;
}

static const struct option_row options[] = {
	TEXT("signed-by", signed_by, "FILE",
	     "demand a signature by one of these keys: SSH public keys, allowed_signers, OpenPGP "
	     "keyring"),
	FLAG("adopt", adopt, "take over directories there that netrescue did not make"),
	OPTION_SSH,
	OPTION_WAIT,
	OPTION_DRY_RUN,
	OPTION_JSON,
	OPTION_QUIET,
	OPTION_VERBOSE,
	OPTION_HELP,
	OPTIONS_END,
};

static const struct example examples[] = {
	{ "deploy out/rescue64/latest root@boot:/srv/pxe", "one result to a server" },
	{ "deploy --dry-run out/rescue64/latest /srv/pxe", "what would change on this machine" },
	{ "deploy out/rescue64/latest out/minimal/latest boot:/srv/pxe",
	  "two, as an ordinary user who may use sudo there" },
	{ NULL, NULL },
};

const struct verb verb_deploy = {
	.name = "deploy",
	.arguments = "DIR… [USER@]HOST:/srv/pxe|/srv/pxe",
	.summary = "put results on a file server and into its menu",
	.description =
		"Checks each DIR, looks at the server and says what will change. Then uploads by "
		"rsync and ssh, with your own configuration of ssh; unpacks there as root; "
		"compares with the manifest; gives all its name; and last, by one rename, "
		"switches to a menu of everything that is on the server. Until then clients get "
		"what was there before. Nothing of netrescue is installed there: the server needs "
		"ssh, rsync, tar and zstd, and root or sudo without a password.\n\n"
		"Whatever interrupts it, the same command finishes it. What is on the server and "
		"not of netrescue is neither replaced nor removed. See docs/server.md.",
	.example = examples,
	.min_arguments = 2,
	.max_arguments = 100,
	.option = options,
	.size = sizeof(INVOCATION),
	.run = run,
};
