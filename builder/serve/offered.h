/* SPDX-License-Identifier: MIT */
/*
 * What one version on a server brings to the menu there, menu/RECIPE/VERSION/entries.json:
 *
 *	{ "format": 1, "recipe": "rescue64", "version": "20260829T041900Z-1f3a9c2e",
 *	  "title": …, "entries": […], "default": {…}, "clients": {…} }
 *
 * The last four are the "menu" of the result's manifest.json. Everything in it goes into the files
 * of two boot loaders, so each value has to have the form that a recipe's would need.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"
#include "publish/menu.h"

struct offered {
	char *recipe;
	char *version;
	struct menu menu;
	struct menu_choice choice;  /* its label is the menu's */
	struct menu_client *client; /* likewise; each mac is owned */
	size_t client_count;
	size_t client_allocated;
};

/* path: for messages. ERR_TRUST for what is no such file. */
int offered_parse(const char *path, const char *text, size_t length, struct offered *ret,
		  struct err *err);
void offered_release(struct offered *o);

/* The text of entries.json for a result with this manifest; the caller frees it. A result without a
 * menu has no entries. */
char *offered_make(const json_t *manifest);
