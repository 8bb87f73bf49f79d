/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/json.h"
#include "command/options.h"
#include "command/verbs.h"
#include "serve/versions.h"

#define INVOCATION struct prune_invocation
struct prune_invocation {
	struct invocation in;
	const char *ssh;
	unsigned wait, keep;
	struct strv off;
	bool dry_run, no_clients;
};

static void print_item(const struct prune_item *item, bool dry_run, bool json)
{
	CLEANUP(text_release) struct text why = { 0 };

	/* The server has its part in it. */
	text_add_escaped(&why, item->kept ? item->kept : "");
	if (json) {
		json_t *o = json_object();

		json_add_text(o, "event", "version");
		json_add_text(o, "recipe", item->recipe);
		json_add_text(o, "version", item->version);
		json_object_set_new(o, "removed", json_boolean(!item->kept));
		if (item->kept)
			json_add_text(o, "kept", item->kept);
		json_print(o);
	} else if (item->kept) {
		printf("kept %s/%s: %s\n", item->recipe, item->version, why.data);
	} else {
		printf("%s %s/%s\n", dry_run ? "would remove" : "removed", item->recipe,
		       item->version);
	}
}

static int run(const struct invocation *in, struct err *err)
{
	const struct prune_invocation *o = (const struct prune_invocation *)in;
	CLEANUP(prune_report_release) struct prune_report report = { 0 };
	const struct serve_options options = {
		.at = in->argument[0],
		.ssh = o->ssh,
		.wait = o->wait,
		.dry_run = o->dry_run,
	};
	const struct prune_options prune = {
		.keep = o->keep,
		.off = &o->off,
		.no_clients = o->no_clients,
	};
	int r;

	if (!o->keep) {
		err_set(err, ERR_USAGE, "prune needs --keep N, the number of versions to keep");
		return err_hint(err, "--keep 3 keeps the newest three of each recipe");
	}
	r = versions_prune(&options, &prune, &report, err);
	for (size_t i = 0; r == 0 && i < report.count; i++)
		print_item(&report.item[i], o->dry_run, in->json);
	return r;
}

static const struct option_row options[] = {
	NUMBER("keep", keep, "N", "keep the newest N versions of each recipe"),
	LIST("client-off", off, "ADDRESS",
	     "this client does not run, whatever the server's rmtab says; may be repeated"),
	FLAG("no-clients", no_clients, "no client runs any version that would go"),
	OPTION_SSH,
	OPTION_WAIT,
	OPTION_DRY_RUN,
	OPTION_JSON,
	OPTION_HELP,
	OPTIONS_END,
};

static const struct example examples[] = {
	{ "prune --keep 3 --dry-run root@boot:/srv/pxe", "what would go, and what stays and why" },
	{ "prune --keep 3 --client-off 192.168.1.23 root@boot:/srv/pxe",
	  "what a machine mounted that is known to be off" },
	{ NULL, NULL },
};

const struct verb verb_prune = {
	.name = "prune",
	.arguments = "[USER@]HOST:/srv/pxe|/srv/pxe",
	.summary = "remove old versions from a server",
	.description =
		"Removes all versions but the newest N of each recipe and the one that comes first "
		"in the menu. What a client has mounted, or may have, is kept, with the reason: "
		"by NFSv3 the server notes each mount, and hears nothing when a client is switched "
		"off. So a client that is known to be off can be named. What an interrupted deploy "
		"left goes as well.",
	.example = examples,
	.min_arguments = 1,
	.max_arguments = 1,
	.option = options,
	.size = sizeof(INVOCATION),
	.run = run,
};
