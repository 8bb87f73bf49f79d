/* SPDX-License-Identifier: MIT */
/*
 * What the server can know of clients that run: docs/server.md has the whole of it. rmtab keeps
 * every mount by NFSv3 for which no unmount came, and none ever comes for a root file system. So
 * what it names may be in use; what it does not name has never been mounted since the file was
 * last emptied. NFSv4 has no such list of directories.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "serve/versions.h"

static void add_item(struct prune_report *report, const struct server_version *v, char *kept)
{
	GROW(report->item, report->count, report->allocated);
	report->item[report->count++] = (struct prune_item){
		.recipe = xstrdup(v->recipe),
		.version = xstrdup(v->version),
		.kept = kept,
	};
}

void prune_report_release(struct prune_report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		free(report->item[i].recipe);
		free(report->item[i].version);
		free(report->item[i].kept);
	}
	free(report->item);
	*report = (struct prune_report){ 0 };
}

/* Whether a mount of `path` uses the directory: it is that, or one above or below it. */
static bool concerns(const char *path, const char *directory)
{
	cleanup_free char *a = xasprintf("%s/", path), *b = xasprintf("%s/", directory);

	return starts_with(a, b) || starts_with(b, a);
}

/* "ADDRESS PATH" of rmtab; NULL if nobody may be using the directory. */
static char *find_mount(const struct reply *clients, const char *directory, const struct strv *off)
{
	const char *fact;

	for (size_t i = 0; (fact = reply_fact(clients, "client", i)); i++) {
		const char *space = strchr(fact, ' ');
		cleanup_free char *who = space ? xstrndup(fact, (size_t)(space - fact)) : NULL;

		if (who && !strv_has(off, who) && concerns(space + 1, directory))
			return xasprintf("%s has mounted it and may be running", who);
	}
	for (size_t i = 0; (fact = reply_fact(clients, "client4", i)); i++)
		if (!strv_has(off, fact))
			return xasprintf("%s has mounted something by NFSv4, and nothing says what",
					 fact);
	fact = reply_fact(clients, "blind", 0);
	return fact ? xasprintf("nobody knows who uses it: %s", fact) : NULL;
}

void prune_decide(const struct server_state *state, const struct reply *clients, const char *root,
		  const struct prune_options *prune, struct prune_report *ret)
{
	CLEANUP(prune_report_release) struct prune_report report = { 0 };
	const char *recipe = "";
	unsigned kept = 0;

	for (size_t i = 0; i < state->count; i++) {
		const struct server_version *v = &state->item[i];
		cleanup_free char *directory = xasprintf("%s/%s/%s", root, v->recipe, v->version);
		char *why = NULL;

		if (!streq(recipe, v->recipe))
			kept = 0;
		recipe = v->recipe;
		if (v->first)
			why = xstrdup("it comes first in the menu");
		else if (server_version_is_whole(v) && kept < prune->keep)
			why = xasprintf("it is among the newest %u", prune->keep);
		else if (!prune->no_clients)
			why = find_mount(clients, directory, prune->off);
		if (why && server_version_is_whole(v))
			kept++;
		add_item(&report, v, why);
	}
	*ret = TAKE(report);
}
