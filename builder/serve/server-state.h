/* SPDX-License-Identifier: MIT */
/* What versions a server has, and which parts of each: what server.sh answers to "list". */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "serve/reply.h"

struct server_version {
	char *recipe;
	char *version;
	bool root, kernel, entries; /* entries come last: with them the version is whole */
	bool first;		    /* its entries come first in the menu */
};

struct server_state {
	struct server_version *item; /* by recipe, then newest first */
	size_t count;
	size_t allocated;
};

int server_state_parse(const struct reply *reply, struct server_state *ret, struct err *err);
void server_state_release(struct server_state *s);

const struct server_version *server_state_find(const struct server_state *s, const char *recipe,
					       const char *version);
static inline bool server_version_is_whole(const struct server_version *v)
{
	return v->root && v->kernel && v->entries;
}
