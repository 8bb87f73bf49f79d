/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/json.h"
#include "command/options.h"
#include "command/verbs.h"
#include "serve/versions.h"

#define INVOCATION struct list_invocation
struct list_invocation {
	struct invocation in;
	const char *ssh;
};

static const char *state_of(const struct server_version *v)
{
	if (v->first)
		return "first";
	return server_version_is_whole(v) ? "earlier" : "incomplete";
}

static void print_json(const struct server_state *state, const struct served_menu *menu)
{
	for (size_t i = 0; i < state->count; i++) {
		json_t *o = json_object();

		json_add_text(o, "event", "version");
		json_add_text(o, "recipe", state->item[i].recipe);
		json_add_text(o, "version", state->item[i].version);
		json_add_text(o, "state", state_of(&state->item[i]));
		json_print(o);
	}
	for (size_t i = 0; i < menu->menu.count; i++) {
		json_t *o = json_object();

		json_add_text(o, "event", "entry");
		json_add_text(o, "label", menu->menu.entry[i].label);
		json_add_text(o, "title", menu->menu.entry[i].title);
		json_object_set_new(
			o, "default",
			json_boolean(streq(menu->menu.entry[i].label, menu->choice.label)));
		json_print(o);
	}
	for (size_t i = 0; i < menu->client_count; i++) {
		json_t *o = json_object();

		json_add_text(o, "event", "client");
		json_add_text(o, "mac", menu->client[i].mac);
		json_add_text(o, "entry", menu->client[i].choice.label);
		json_print(o);
	}
}

static void print_text(const struct server_state *state, const struct served_menu *menu)
{
	printf("versions:\n");
	for (size_t i = 0; i < state->count; i++)
		printf("  %s/%s  %s\n", state->item[i].recipe, state->item[i].version,
		       state_of(&state->item[i]));
	printf("menu:\n");
	for (size_t i = 0; i < menu->menu.count; i++)
		printf("  %s  %s%s\n", menu->menu.entry[i].label, menu->menu.entry[i].title,
		       streq(menu->menu.entry[i].label, menu->choice.label) ? " (default)" : "");
	if (menu->client_count)
		printf("machines:\n");
	for (size_t i = 0; i < menu->client_count; i++)
		printf("  %s  %s\n", menu->client[i].mac, menu->client[i].choice.label);
}

static int run(const struct invocation *in, struct err *err)
{
	const struct list_invocation *o = (const struct list_invocation *)in;
	CLEANUP(server_state_release) struct server_state state = { 0 };
	CLEANUP(served_menu_release) struct served_menu menu = { 0 };
	const struct serve_options options = { .at = in->argument[0], .ssh = o->ssh };
	int r = versions_list(&options, &state, &menu, err);

	if (r < 0)
		return r;
	if (in->json)
		print_json(&state, &menu);
	else
		print_text(&state, &menu);
	return 0;
}

static const struct option_row options[] = {
	OPTION_SSH,
	OPTION_JSON,
	OPTION_HELP,
	OPTIONS_END,
};

static const struct example examples[] = {
	{ "list root@boot:/srv/pxe", "what is on a server, and its menu" },
	{ NULL, NULL },
};

const struct verb verb_list = {
	.name = "list",
	.arguments = "[USER@]HOST:/srv/pxe|/srv/pxe",
	.summary = "show what was deployed to a server",
	.description = "Prints the versions of each recipe there, newest first, the entries of the "
		       "menu by their labels, and the machines that start an entry of their own. "
		       "What is incomplete was interrupted: the same deploy finishes it, and prune "
		       "removes it.",
	.example = examples,
	.min_arguments = 1,
	.max_arguments = 1,
	.option = options,
	.size = sizeof(INVOCATION),
	.run = run,
};
