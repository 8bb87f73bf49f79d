/* SPDX-License-Identifier: MIT */
/*
 * The one menu of a server, of all that is there: the newest version of every recipe (or the one
 * that `rollback` put first), then the site's own entries, earlier versions in a submenu, booting
 * locally and the memory test once. Labels do not depend on what else is there, so that a machine's
 * choice holds when a recipe comes or goes:
 *
 *	RECIPE.LABEL			of the first version of a recipe
 *	RECIPE.LABEL.VERSION		of an earlier one
 *	site.LABEL			of site.yaml
 *	local, memtest
 *
 * It is generated into a directory that is called by the digest of its files, and put into force by
 * one rename.
 */
#pragma once

#include "base/err.h"
#include "publish/menu.h"
#include "serve/offered.h"
#include "serve/reply.h"
#include "serve/session.h"
#include "serve/site-menu.h"

struct served {
	struct offered
		*version; /* by recipe in the site's order; within one, the first, then newest */
	size_t count;
	size_t allocated;
	size_t left_out; /* versions whose entries cannot be read */
	struct site_menu site;
	json_t *clients; /* MAC -> label, by `netrescue menu` */
};
#define SERVED_INIT                                                                                \
	{                                                                                          \
		.site = SITE_MENU_INIT                                                             \
	}

/* Reads what the server answered to "menus". */
int served_read(const struct reply *reply, struct served *ret, struct err *err);
void served_release(struct served *s);

/* One menu with the starts of machines. Labels in the choices are the menu's. */
struct served_menu {
	struct menu menu;
	struct menu_choice choice;
	struct menu_client *client; /* by MAC; each mac is owned */
	size_t client_count;
	size_t client_allocated;
	size_t left_out; /* versions that are not in it, as their entries cannot be read */
};
/* Warns of a choice whose entry is gone; that machine gets the default. A server without any
 * version has a menu all the same, of which booting locally is the only entry. */
int served_compose(const struct served *s, struct served_menu *ret, struct err *err);
void served_menu_release(struct served_menu *m);

/* The label in the menu that the user means: itself, or the only one that ends in ".LABEL".
 * ERR_USAGE with what there is; the label stays the menu's. */
int served_find_label(const struct served_menu *m, const char *label, const char **ret,
		      struct err *err);

/* Asks for all, generates the menu, and puts it into force. Nothing is written where `dry_run`.
 * *ret_menu, which may be NULL, is the caller's. */
int served_menu_apply(struct session *s, bool dry_run, struct served_menu *ret_menu,
		      struct err *err);
