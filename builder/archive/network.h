/* SPDX-License-Identifier: MIT */
/*
 * How archives are reached: by which proxy, with which passwords, by whose certificates. All of it
 * is this machine's apt configuration (apt-config.h, login.h), and what the recipe's
 * apt-repositories say of themselves. It has no influence on the bytes, and nothing of it is
 * written anywhere.
 */
#pragma once

#include "archive/login.h"
#include "base/err.h"
#include "base/text.h"
#include "recipe/recipe.h"

struct authority {   /* whose certificates are trusted */
	char *scope; /* for URLs below this one; NULL: for all */
	char *host;  /* for this host; "": for all */
	char *file;
	struct text content; /* of the file, if the recipe names it; else curl reads it */
};

struct network {
	char *proxy;  /* its URL; "": use none; NULL: what $http_proxy says */
	long timeout; /* seconds that a server is given, see fetch.h; 0: not said */
	struct logins logins;
	struct authority *authority; /* the first one that fits holds */
	size_t authority_count;
	size_t authority_allocated;
};

/* with_apt: also what this machine's apt says. ERR_USAGE, at its place in the recipe, if a file
 * that the recipe names cannot be read. */
int network_read(const struct recipe *recipe, bool with_apt, struct network *ret, struct err *err);
/* The authorities that may vouch for the server of a URL; NULL: those that this machine trusts
 * anyway. */
const struct authority *network_authority(const struct network *n, const char *url);
void network_release(struct network *n);
