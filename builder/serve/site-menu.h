/* SPDX-License-Identifier: MIT */
/*
 * The two files of a server's own that a deployment reads and never overwrites, in menu/ of its
 * TFTP root:
 *
 * site.yaml, which its administrator writes:
 *
 *	title: Boot menu of the workshop
 *	order: [rescue64, minimal]      # recipes; those not named follow by name
 *	earlier: 2                      # versions of each recipe under "Earlier versions"
 *	default: rescue64.rescue        # an entry by its label in the menu
 *	timeout: 300                    # tenths of a second; 0: never
 *	entries:
 *	  - { label: installer, title: Debian installer, kernel: debian/linux,
 *	      initrd: debian/initrd.gz, append: priority=low }
 *
 * clients.json, which `netrescue menu` writes: { "52:54:00:12:34:56": "rescue64.rescue" }
 */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text.h"
#include "publish/menu.h"

#define SITE_EARLIER 2 /* where the site says nothing */

struct site_menu {
	char *title; /* NULL: not said; likewise the others */
	struct strv order;
	unsigned earlier;
	char *choice;
	int timeout;	     /* -1: not said */
	struct menu entries; /* of the site's own: MENU_RESCUE and .plain */
};
#define SITE_MENU_INIT                                                                             \
	{                                                                                          \
		.earlier = SITE_EARLIER, .timeout = -1                                             \
	}

/* text: of site.yaml; path: for positions. ERR_USAGE at the line that is wrong. */
int site_menu_parse(const char *path, const char *text, size_t length, struct site_menu *ret,
		    struct err *err);
void site_menu_release(struct site_menu *site);

/* text: of clients.json. *ret: MAC -> label; the caller releases it. */
int site_clients_parse(const char *path, const char *text, size_t length, json_t **ret,
		       struct err *err);
