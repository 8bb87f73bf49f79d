/* SPDX-License-Identifier: MIT */
#include "archive/lock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "archive/lock-format.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"

struct items {
	struct fetch_item *item;
	const struct package **package; /* that an item is for; borrowed */
	size_t count;
	uint64_t total; /* bytes */
};

static void release_items(struct items *list)
{
	for (size_t i = 0; i < list->count; i++)
		fetch_item_release(&list->item[i]);
	free(list->item);
	free(list->package);
}

static bool is_there(const struct items *list, const char *sha256)
{
	for (size_t i = 0; i < list->count; i++)
		if (streq(list->item[i].sha256, sha256))
			return true;
	return false;
}

/* A package that has both roles is fetched once. wanted[i] is about the i-th package; NULL wants
 * all. If mirrors is NULL, only the store is asked. */
static void collect(const struct lock *l, const bool *wanted, const struct mirrors *mirrors,
		    struct items *list)
{
	list->item = xcalloc(l->packages.count + 1, sizeof(*list->item));
	list->package = xcalloc(l->packages.count + 1, sizeof(*list->package));
	for (size_t i = 0; i < l->packages.count; i++) {
		const struct package *p = &l->packages.item[i];
		struct fetch_item *item = &list->item[list->count];

		if (streq(p->repository, "local") || is_there(list, p->sha256) ||
		    (wanted && !wanted[i]))
			continue;
		memcpy(item->sha256, p->sha256, DIGEST_HEX);
		item->size = p->size;
		if (mirrors)
			lock_urls(p, mirrors, l->source_date_epoch, &item->url);
		list->total += p->size;
		list->package[list->count++] = p;
	}
}

/* An error about a package, at the line of the lock that has its digest. */
static int package_error(const struct lock *l, const struct package *p, enum err_class class,
			 struct err *err, const char *what)
{
	return lock_error(l, lock_line(l, "SHA256: %s", p->sha256), class, err,
			  "package '%s' %s %s", p->name, p->version, what);
}

/* The same error, at the line of the lock that has the digest of the package. */
static int repeat_at_line(const struct lock *l, const struct package *p, const struct err *from,
			  struct err *err)
{
	(void)lock_error(l, lock_line(l, "SHA256: %s", p->sha256), from->class, err, "%s",
			 from->message);
	return from->hint ? err_hint(err, "%s", from->hint) : err_value(err);
}

/* The class of an item's failure. Wrong bytes, in the store or from a mirror, outrank missing
 * ones. */
static enum err_class class_of(const struct fetch_item *item)
{
	if (item->err.class == ERR_NETWORK && item->damaged)
		return ERR_TRUST;
	return item->err.class;
}

/* Names every package that is missing in a warning; the error is about the worst of them. */
static int report(const struct lock *l, const struct items *list, struct err *err)
{
	size_t missing = 0, worst = 0;
	cleanup_free char *more = NULL;
	cleanup_free char *what = NULL;

	for (size_t i = 0; i < list->count; i++) {
		const struct fetch_item *item = &list->item[i];

		if (item->err.class == ERR_NONE)
			continue;
		if (missing++ == 0 ||
		    (class_of(&list->item[worst]) == ERR_NETWORK && class_of(item) != ERR_NETWORK))
			worst = i;
	}
	if (missing == 0)
		return 0;
	for (size_t i = 0; i < list->count && missing > 1; i++)
		if (list->item[i].err.class != ERR_NONE)
			log_warning("missing: %s (SHA-256 %s)", list->package[i]->path,
				    list->item[i].sha256);
	more = missing > 1 ? xasprintf(", nor %s %zu other%s", missing > 2 ? "are" : "is",
				       missing - 1, missing > 2 ? "s" : "")
			   : xstrdup("");
	what = xasprintf("is not available%s: %s", more, list->item[worst].err.message);
	(void)package_error(l, list->package[worst], class_of(&list->item[worst]), err, what);
	if (list->item[worst].err.hint)
		return err_hint(err, "%s", list->item[worst].err.hint);
	return err_hint(err, "run once without --offline, or bring the packages: 'netrescue store "
			     "export' where they are, 'netrescue store import' here");
}

static int absent(const struct lock *l, const struct package *p, struct err *err)
{
	if (streq(p->repository, "local")) {
		(void)package_error(l, p, ERR_TRUST, err, "is not one of the recipe's debs:");
		return err_hint(err, "make a new lock");
	}
	return package_error(l, p, ERR_BUILD, err, "was removed from the store during the build");
}

/* Checks that the store has every package, and that their time stamps are what the lock says. */
static int check(struct store *s, const struct lock *l, struct err *err)
{
	int64_t newest = 0;

	for (size_t i = 0; i < l->packages.count; i++) {
		int64_t time;
		CLEANUP(err_release) struct err own = { 0 };
		int r = lock_package_time(s, &l->packages.item[i], &time, &own);

		if (r < 0)
			return repeat_at_line(l, &l->packages.item[i], &own, err);
		if (time == 0)
			return absent(l, &l->packages.item[i], err);
		if (time > newest)
			newest = time;
	}
	if (newest == l->source_date_epoch)
		return 0;
	(void)lock_error(l, lock_line(l, "Source-Date-Epoch: %" PRId64, l->source_date_epoch),
			 ERR_TRUST, err,
			 "the lock says Source-Date-Epoch %" PRId64 ", its packages say %" PRId64,
			 l->source_date_epoch, newest);
	return err_hint(err, "a mirror gave wrong dates when the lock was made, or it was edited: "
			     "make a new one");
}

/* Where no mirror is known, all that one would give has to be in the store. */
static int check_mirrors(struct store *s, const struct items *list, const struct mirrors *mirrors,
			 struct err *err)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->item[i].url.count == 0 && !store_has(s, list->item[i].sha256))
			return mirrors_require(mirrors, err);
	return 0;
}

int lock_fetch(struct store *s, const struct lock *l, const struct recipe *recipe,
	       const struct mirrors *mirrors, bool offline, struct err *err)
{
	CLEANUP(release_items) struct items list = { 0 };
	const struct fetch_options options = {
		.network = &mirrors->network,
		.show_progress = true,
		.keep_going = true,
	};
	cleanup_free char *summary = NULL;
	char size[16];
	int r = lock_import_debs(s, recipe, err);

	if (r < 0)
		return r;
	collect(l, NULL, offline ? NULL : mirrors, &list);
	progress_start("fetch", list.total, PROGRESS_BYTES);
	r = offline ? 0 : check_mirrors(s, &list, mirrors, err);
	if (r < 0)
		return r;
	r = fetch_all(s, list.item, list.count, &options, err);
	if (r < 0)
		return r;
	r = report(l, &list, err);
	if (r < 0)
		return r;
	r = check(s, l, err);
	if (r < 0)
		return r;
	summary = xasprintf("%zu packages, %s", l->packages.count, human_size(list.total, size));
	progress_end(summary);
	return 0;
}

int lock_obtain(struct store *s, const struct lock *l, const bool *wanted,
		const struct mirrors *mirrors, struct err *err)
{
	CLEANUP(release_items) struct items list = { 0 };
	const struct fetch_options options = {
		.network = mirrors ? &mirrors->network : NULL,
		.keep_going = true,
	};
	int r;

	collect(l, wanted, mirrors, &list);
	r = fetch_all(s, list.item, list.count, &options, err);
	if (r < 0)
		return r;
	return report(l, &list, err);
}

int lock_need(struct store *s, const struct lock *l, struct err *err)
{
	return lock_obtain(s, l, NULL, NULL, err);
}
