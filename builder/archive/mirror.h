/* SPDX-License-Identifier: MIT */
/*
 * Which hosts to ask. In this order: --mirror; this machine's apt configuration (one-line and deb822
 * sources; only Debian's own archive counts, recognised by the Origin and Label of the signed Release
 * once read; security from its own line; apt's proxy); the recipe's mirrors. It never influences bytes.
 */
#pragma once

#include "base/err.h"
#include "base/text.h"
#include "recipe/recipe.h"

struct mirrors {
	struct strv archive;  /* base URLs for suite and suite-updates, best first, no trailing slash */
	struct strv security; /* for suite-security */
	char *proxy;	      /* URL, or NULL */
};

/* command_line: the --mirror argument or NULL (it serves archive; security is URL-security if the URL
 * ends in /debian, else the same URL). apt_root: "/" (tests give another root). */
int mirrors_find(const char *command_line, const char *apt_root, const struct recipe *recipe,
		 struct mirrors *ret, struct err *err);
void mirrors_release(struct mirrors *m);
