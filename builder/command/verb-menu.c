/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/json.h"
#include "command/options.h"
#include "command/verbs.h"
#include "serve/versions.h"

#define INVOCATION struct menu_invocation
struct menu_invocation {
	struct invocation in;
	const char *client, *entry, *ssh;
	unsigned wait;
	bool none;
};

static int run(const struct invocation *in, struct err *err)
{
	const struct menu_invocation *o = (const struct menu_invocation *)in;
	const struct serve_options options = {
		.at = in->argument[0],
		.ssh = o->ssh,
		.wait = o->wait,
	};
	cleanup_free char *label = NULL;
	int r;

	if (!o->client || !o->entry == !o->none) {
		err_set(err, ERR_USAGE, "menu needs --client MAC, and --entry LABEL or --default");
		return err_hint(err, "`netrescue list` shows the labels");
	}
	r = versions_choose(&options, o->client, o->entry, &label, err);
	if (r < 0)
		return r;
	if (in->json) {
		json_t *event = json_object();

		json_add_text(event, "event", "result");
		json_add_text(event, "client", o->client);
		json_add_text(event, "entry", label);
		json_print(event);
	} else {
		printf("%s starts %s\n", o->client, label ? label : "what the others start");
	}
	return 0;
}

static const struct option_row options[] = {
	TEXT("client", client, "MAC", "the machine, by its network card's address"),
	TEXT("entry", entry, "LABEL",
	     "what it starts by itself, as `list` shows it, or what stands behind the first dot"),
	FLAG("default", none, "start what the others start"),
	OPTION_SSH,
	OPTION_WAIT,
	OPTION_JSON,
	OPTION_HELP,
	OPTIONS_END,
};

static const struct example examples[] = {
	{ "menu boot:/srv/pxe --client 52:54:00:12:34:56 --entry rescue64",
	  "one machine's own start, without a build" },
	{ NULL, NULL },
};

const struct verb verb_menu = {
	.name = "menu",
	.arguments = "[USER@]HOST:/srv/pxe|/srv/pxe",
	.summary = "choose what a machine starts by itself",
	.description = "The machine still shows the menu for as long as the others do. The choice "
		       "stays on the server, in menu/clients.json, over every deploy; it wins over "
		       "menu.clients of a recipe. An entry is always that of the recipe's first "
		       "version. If it goes from the menu, the machine gets the default, and "
		       "deploy says so.",
	.example = examples,
	.min_arguments = 1,
	.max_arguments = 1,
	.option = options,
	.size = sizeof(INVOCATION),
	.run = run,
};
