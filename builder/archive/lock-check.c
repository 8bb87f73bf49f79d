/* SPDX-License-Identifier: MIT */
/* Whether a lock still fits its recipe. If not, the message says what of the recipe has changed. */
#include "archive/lock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "archive/lock-format.h"
#include "base/memory.h"
#include "recipe/values.h"

static int way_out(const struct recipe *recipe, struct err *err)
{
	return err_hint(err,
			"'netrescue lock %s' prints a new lock, and with --keep OLD one that keeps "
			"the packages of the old; or check out what this one was made from%s",
			recipe->path ? recipe->path : "RECIPE",
			recipe->laid_over ? ", and give the same --site and --set" : "");
}

/* The item of `inputs` for the same key (the first word) as `input`; NULL if there is none. */
static const char *same_key(const struct strv *inputs, const char *input)
{
	size_t length = strcspn(input, " ") + 1;

	for (size_t i = 0; i < inputs->count; i++)
		if (strncmp(inputs->item[i], input, length) == 0)
			return inputs->item[i];
	return NULL;
}

/* Names the N-th of a list's files or folders. False if the recipe has no such. */
static bool add_file(const struct recipe *recipe, const struct schema_key *key, size_t n,
		     struct text *ret)
{
	const struct recipe_files *files = values_files(key, recipe);

	if (key->type == SCHEMA_FOLDERS && n < recipe->overlays.count)
		text_printf(ret, "overlay '%s'", recipe->overlays.item[n].value);
	else if (key->type == SCHEMA_FILES && n < files->count)
		text_printf(ret, "%s '%s'",
			    streq(key->path, "debs")	      ? "package file"
			    : starts_with(key->path, "hooks") ? "hook"
							      : "script",
			    files->item[n].given);
	else if (streq(key->path, "files") && n < recipe->tree_file_count)
		text_printf(ret, "file '%s'", recipe->tree_file[n].path);
	else
		return false;
	return true;
}

/* "overlay '../overlays/ssh'" of `overlays[3] …`, "'menu'" of `menu …`. */
static void add_name(const struct recipe *recipe, const char *input, struct text *ret)
{
	cleanup_free char *path = xstrndup(input, strcspn(input, "[ "));
	const struct schema_key *key = schema_find(path);
	const char *bracket = input + strlen(path);

	if (!key || *bracket != '[' || !add_file(recipe, key, strtoul(bracket + 1, NULL, 10), ret))
		text_printf(ret, "'%.*s'", (int)strcspn(input, " "), input);
}

static void add_change(const struct recipe *recipe, const char *input, const char *what,
		       struct text *ret)
{
	text_add(ret, ret->length > 0 ? ", " : "");
	add_name(recipe, input, ret);
	text_printf(ret, " %s", what);
}

static int stale(const struct lock *l, const struct recipe *recipe, struct err *err)
{
	CLEANUP(text_release) struct text changes = { 0 };
	unsigned line = 0;

	for (size_t i = 0; i < l->inputs.count; i++) {
		const char *was = l->inputs.item[i];
		const char *is = same_key(&recipe->inputs, was);

		if (is && streq(is, was))
			continue;
		add_change(recipe, was, is ? "has changed" : "is gone", &changes);
		line = line ? line : lock_line(l, " %s", was);
	}
	for (size_t i = 0; i < recipe->inputs.count && l->inputs.count > 0; i++)
		if (!same_key(&l->inputs, recipe->inputs.item[i]))
			add_change(recipe, recipe->inputs.item[i], "is new", &changes);
	if (!line)
		line = lock_line(l, "Recipe-SHA256: %s", l->recipe_digest);
	(void)lock_error(l, line, ERR_TRUST, err,
			 "the lock was made from another version of recipe '%s'%s%s",
			 l->recipe_name, changes.length > 0 ? ": since then " : "",
			 changes.length > 0 ? changes.data : "");
	return way_out(recipe, err);
}

static bool same_inputs(const struct strv *a, const struct strv *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; same && i < a->count; i++)
		same = streq(a->item[i], b->item[i]);
	return same;
}

static int another(const struct lock *l, const struct recipe *recipe, const char *field,
		   const char *is, const char *wanted, struct err *err)
{
	(void)lock_error(l, lock_line(l, "%s: %s", field, is), ERR_TRUST, err,
			 "the lock is for %s '%s', the recipe says '%s'", field, is, wanted);
	return way_out(recipe, err);
}

int lock_check_kind(const struct lock *l, const struct recipe *recipe, struct err *err)
{
	if (!streq(l->suite, recipe->suite))
		return another(l, recipe, "Suite", l->suite, recipe->suite, err);
	if (!streq(l->architecture, recipe->architecture))
		return another(l, recipe, "Architecture", l->architecture, recipe->architecture,
			       err);
	return 0;
}

static bool has_repository(const struct recipe *recipe, const char *url)
{
	for (size_t i = 0; i < recipe->repository_count; i++)
		if (streq(recipe->repository[i].url, url))
			return true;
	return false;
}

/* No lock says where to go: the recipe does. */
static int check_repositories(const struct lock *l, const struct recipe *recipe, struct err *err)
{
	for (size_t i = 0; i < l->packages.count; i++) {
		const char *url = l->packages.item[i].repository;

		if (!*url || streq(url, "security") || streq(url, "local") ||
		    has_repository(recipe, url))
			continue;
		(void)lock_error(l, lock_line(l, "Repository: %s", url), ERR_TRUST, err,
				 "the lock has a package of '%s', which is none of the recipe's "
				 "apt-repositories",
				 url);
		return err_hint(err, "the lock was edited: make a new one");
	}
	return 0;
}

int lock_check(const struct lock *l, const struct recipe *recipe, struct err *err)
{
	int r;

	if (!streq(l->recipe_name, recipe->name))
		return another(l, recipe, "Recipe", l->recipe_name, recipe->name, err);
	r = lock_check_kind(l, recipe, err);
	if (r < 0)
		return r;
	if (!streq(l->snapshot, recipe->snapshot))
		return another(l, recipe, "Snapshot", l->snapshot ? l->snapshot : "none",
			       recipe->snapshot ? recipe->snapshot : "none", err);
	if (l->bytes_epoch != BYTES_EPOCH) {
		const char *releases = bytes_epoch_releases(l->bytes_epoch);

		(void)lock_error(l, lock_line(l, "Bytes-Epoch: %d", l->bytes_epoch), ERR_TRUST, err,
				 "the lock wants bytes-epoch %d, this netrescue makes %d",
				 l->bytes_epoch, BYTES_EPOCH);
		return err_hint(err, "bytes-epoch %d is made by netrescue %s", l->bytes_epoch,
				releases ? releases : "of a later release");
	}
	if (!streq(l->recipe_digest, recipe->digest) || !same_inputs(&l->inputs, &recipe->inputs))
		return stale(l, recipe, err);
	r = check_repositories(l, recipe, err);
	if (r < 0)
		return r;
	return lock_check_clock(l->source_date_epoch, err);
}

int lock_check_clock(int64_t source_date_epoch, struct err *err)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec >= source_date_epoch)
		return 0;
	err_set(err, ERR_BUILD,
		"this machine's clock is behind the newest package by %" PRId64 " seconds",
		source_date_epoch - (int64_t)now.tv_sec);
	return err_hint(err, "set the clock: files newer than SOURCE_DATE_EPOCH are clamped to it, "
			     "older ones are not, so builds would differ");
}
