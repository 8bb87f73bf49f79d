/* SPDX-License-Identifier: MIT */
#include "serve/server-state.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "recipe/format.h"
#include "serve/session.h"

static int unexpected(const char *fact, struct err *err)
{
	return err_set(err, ERR_NETWORK, "the server answers with an unusable version: '%s'", fact);
}

/* RECIPE/VERSION */
static bool split_name(const char *name, char **ret_recipe, char **ret_version)
{
	const char *slash = strchr(name, '/'), *hint = NULL;
	cleanup_free char *recipe = slash ? xstrndup(name, (size_t)(slash - name)) : NULL;

	if (!slash || !*recipe || !format_name.is(recipe, &hint) || strchr(slash + 1, '/') ||
	    !session_is_plain(slash + 1) || strstr(slash + 1, ".."))
		return false;
	*ret_recipe = take_ptr(recipe);
	*ret_version = xstrdup(slash + 1);
	return true;
}

/* RECIPE/VERSION PARTS */
static int take_version(const char *fact, struct server_state *s, struct err *err)
{
	const char *space = strchr(fact, ' ');
	cleanup_free char *name = xstrndup(fact, space ? (size_t)(space - fact) : strlen(fact));
	const char *parts = space ? space + 1 : "";
	struct server_version v = {
		.root = strchr(parts, 'r'),
		.kernel = strchr(parts, 'k'),
		.entries = strchr(parts, 'e'),
	};

	if (!split_name(name, &v.recipe, &v.version))
		return unexpected(fact, err);
	GROW(s->item, s->count, s->allocated);
	s->item[s->count++] = v;
	return 0;
}

static int compare(const void *a_, const void *b_)
{
	const struct server_version *a = a_, *b = b_;
	int r = strcmp(a->recipe, b->recipe);

	return r ? r : strcmp(b->version, a->version);
}

/* The newest whole one of each recipe, where no other is put first. */
static void mark_first(struct server_state *s, const struct strv *first)
{
	for (size_t i = 0; i < s->count; i++) {
		struct server_version *best = NULL;
		size_t begin = i;

		for (; i < s->count && streq(s->item[i].recipe, s->item[begin].recipe); i++) {
			struct server_version *v = &s->item[i];
			cleanup_free char *name = xasprintf("%s/%s", v->recipe, v->version);

			if (server_version_is_whole(v) && (!best || strv_has(first, name)))
				best = v;
		}
		i--;
		if (best)
			best->first = true;
	}
}

int server_state_parse(const struct reply *reply, struct server_state *ret, struct err *err)
{
	CLEANUP(server_state_release) struct server_state s = { 0 };
	CLEANUP(strv_release) struct strv first = { 0 };
	const char *fact;

	for (size_t i = 0; (fact = reply_fact(reply, "have", i)); i++) {
		int r = take_version(fact, &s, err);

		if (r < 0)
			return r;
	}
	if (s.count)
		qsort(s.item, s.count, sizeof(*s.item), compare);
	for (size_t i = 0; (fact = reply_fact(reply, "first", i)); i++)
		strv_add(&first, fact);
	mark_first(&s, &first);
	*ret = TAKE(s);
	return 0;
}

void server_state_release(struct server_state *s)
{
	for (size_t i = 0; i < s->count; i++) {
		free(s->item[i].recipe);
		free(s->item[i].version);
	}
	free(s->item);
	*s = (struct server_state){ 0 };
}

const struct server_version *server_state_find(const struct server_state *s, const char *recipe,
					       const char *version)
{
	for (size_t i = 0; i < s->count; i++)
		if (streq(s->item[i].recipe, recipe) && streq(s->item[i].version, version))
			return &s->item[i];
	return NULL;
}
