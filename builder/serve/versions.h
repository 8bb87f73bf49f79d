/* SPDX-License-Identifier: MIT */
/*
 * The versions on a server, once they are there: which comes first in the menu, which may go, and
 * which entry a machine starts by itself. Each call opens a session of its own.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "serve/served-menu.h"
#include "serve/server-state.h"

struct serve_options {
	const char *at;	 /* [USER@]HOST:/PATH or /PATH */
	const char *ssh; /* NULL: "ssh" */
	unsigned wait;	 /* seconds for somebody else to end */
	bool dry_run;
};

/* What is there, and the menu that is in force. */
int versions_list(const struct serve_options *o, struct server_state *ret, struct served_menu *menu,
		  struct err *err);

/* Puts a version's entries first: VERSION or RECIPE/VERSION; NULL: the one before that which comes
 * first now, if there is one recipe. *ret: RECIPE/VERSION; the caller frees it. */
int versions_rollback(const struct serve_options *o, const char *version, char **ret,
		      struct err *err);

/* What prune does with a version, and why it keeps it. */
struct prune_item {
	char *recipe, *version;
	char *kept; /* why; NULL: it is removed */
};
struct prune_report {
	struct prune_item *item;
	size_t count;
	size_t allocated;
};
struct prune_options {
	unsigned keep;		/* whole versions of each recipe */
	const struct strv *off; /* addresses of clients that do not run, whatever the server says */
	bool no_clients;	/* no client runs any version that would go */
};
int versions_prune(const struct serve_options *o, const struct prune_options *prune,
		   struct prune_report *ret, struct err *err);
void prune_report_release(struct prune_report *report);
/* Decides, without a server; clients: what it answered to "clients". */
void prune_decide(const struct server_state *state, const struct reply *clients, const char *root,
		  const struct prune_options *prune, struct prune_report *ret);

/* Makes an entry the one that a machine starts by itself; entry NULL: the default again. *ret: its
 * label in the menu, or NULL; the caller frees it. */
int versions_choose(const struct serve_options *o, const char *mac, const char *entry, char **ret,
		    struct err *err);
