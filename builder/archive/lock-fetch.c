/* SPDX-License-Identifier: MIT */
#include "archive/lock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "archive/lock-format.h"
#include "base/memory.h"
#include "base/progress.h"

struct items {
	struct fetch_item *item;
	size_t count;
};

static void release_items(struct items *list)
{
	for (size_t i = 0; i < list->count; i++)
		fetch_item_release(&list->item[i]);
	free(list->item);
}

static bool is_there(const struct items *list, const char *sha256)
{
	for (size_t i = 0; i < list->count; i++)
		if (streq(list->item[i].sha256, sha256))
			return true;
	return false;
}

/* A package of both roles is fetched once. */
static uint64_t collect(const struct lock *l, const struct mirrors *mirrors, struct items *list)
{
	uint64_t total = 0;

	list->item = xcalloc(l->packages.count + 1, sizeof(*list->item));
	for (size_t i = 0; i < l->packages.count; i++) {
		const struct package *p = &l->packages.item[i];
		struct fetch_item *item = &list->item[list->count];

		if (streq(p->repository, "local") || is_there(list, p->sha256))
			continue;
		memcpy(item->sha256, p->sha256, DIGEST_HEX);
		item->size = p->size;
		lock_urls(p, mirrors, &item->url);
		total += p->size;
		list->count++;
	}
	return total;
}

static int absent(const struct package *p, struct err *err)
{
	if (streq(p->repository, "local")) {
		err_set(err, ERR_TRUST, "the recipe has no local package '%s' of the lock's digest",
			p->path);
		return err_hint(err, "make a new lock");
	}
	err_set(err, ERR_NETWORK, "package '%s' %s is not in the store", p->name, p->version);
	return err_hint(err, "build once without --offline, or copy the store directory of a "
			     "machine that has it");
}

/* Every package is there, and their time stamps are what the lock says. */
static int check(struct store *s, const struct lock *l, struct err *err)
{
	int64_t newest = 0;

	for (size_t i = 0; i < l->packages.count; i++) {
		int64_t time;
		int r = lock_package_time(s, &l->packages.item[i], &time, err);

		if (r < 0)
			return r;
		if (time == 0)
			return absent(&l->packages.item[i], err);
		if (time > newest)
			newest = time;
	}
	if (newest == l->source_date_epoch)
		return 0;
	err_set(err, ERR_TRUST,
		"the lock says Source-Date-Epoch %" PRId64 ", its packages say %" PRId64,
		l->source_date_epoch, newest);
	return err_hint(err, "a mirror gave wrong dates when the lock was made, or it was edited: "
			     "make a new one");
}

/* Without a mirror, all that a mirror would give has to be there. */
static int check_mirrors(struct store *s, const struct items *list, const struct mirrors *mirrors,
			 struct err *err)
{
	for (size_t i = 0; i < list->count && mirrors->none.class != ERR_NONE; i++) {
		if (list->item[i].url.count > 0 || store_has(s, list->item[i].sha256))
			continue;
		err_set(err, mirrors->none.class, "%s", mirrors->none.message);
		return mirrors->none.hint ? err_hint(err, "%s", mirrors->none.hint) : -EIO;
	}
	return 0;
}

int lock_fetch(struct store *s, const struct lock *l, const struct recipe *recipe,
	       const struct mirrors *mirrors, bool offline, struct err *err)
{
	CLEANUP(release_items) struct items list = { 0 };
	const struct fetch_options options = { .proxy = mirrors->proxy, .show_progress = true };
	uint64_t total = collect(l, mirrors, &list);
	cleanup_free char *summary = NULL;
	char size[16];
	int r = lock_import_debs(s, recipe, err);

	if (r < 0)
		return r;
	progress_start("fetch", total, PROGRESS_BYTES);
	if (!offline)
		r = check_mirrors(s, &list, mirrors, err);
	if (r == 0 && !offline)
		r = fetch_all(s, list.item, list.count, &options, err);
	if (r == 0)
		r = check(s, l, err);
	if (r < 0) {
		progress_abort();
		return r;
	}
	summary = xasprintf("%zu packages, %s", l->packages.count, human_size(total, size));
	progress_end(summary);
	return 0;
}
