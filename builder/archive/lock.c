/* SPDX-License-Identifier: MIT */
#include "archive/lock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "archive/lock-format.h"
#include "base/memory.h"

static void add_flags(const struct package *p, struct text *t)
{
	if (!p->automatic && !p->base && !p->essential)
		return;
	text_add(t, "Flags:");
	text_add(t, p->automatic ? " automatic" : "");
	text_add(t, p->base ? " base" : "");
	text_add(t, p->essential ? " essential" : "");
	text_add(t, "\n");
}

static void add_package(const struct package *p, struct text *t)
{
	text_printf(t, "\nPackage: %s\nVersion: %s\nArchitecture: %s\nSuite: %s\n", p->name,
		    p->version, p->architecture, p->suite);
	if (p->component[0])
		text_printf(t, "Component: %s\n", p->component);
	text_printf(t, "Path: %s\nSize: %" PRIu64 "\nSHA256: %s\nRole: %s\n", p->path, p->size,
		    p->sha256, p->role == ROLE_BOOT ? LOCK_ROLE_BOOT : LOCK_ROLE_IMAGE);
	add_flags(p, t);
	text_printf(t, "Installed-Size: %" PRIu64 "\n", p->installed_size);
	if (p->repository[0])
		text_printf(t, "Repository: %s\n", p->repository);
}

char *lock_text(const struct lock *l)
{
	CLEANUP(text_release) struct text t = { 0 };

	text_printf(&t,
		    "Format: %s\nRecipe: %s\nRecipe-SHA256: %s\nSuite: %s\nArchitecture: %s\n"
		    "Source-Date-Epoch: %" PRId64 "\nBytes-Epoch: %d\n",
		    LOCK_FORMAT, l->recipe_name, l->recipe_digest, l->suite, l->architecture,
		    l->source_date_epoch, l->bytes_epoch);
	for (size_t i = 0; i < l->packages.count; i++)
		add_package(&l->packages.item[i], &t);
	return text_take(&t);
}

void lock_digest(struct lock *l)
{
	cleanup_free char *text = lock_text(l);

	digest_bytes(text, strlen(text), l->digest);
}

char *lock_version(const struct lock *l)
{
	const time_t t = (time_t)l->source_date_epoch;
	struct tm utc = { 0 };
	char date[32];

	(void)gmtime_r(&t, &utc);
	(void)strftime(date, sizeof(date), "%Y%m%dT%H%M%SZ", &utc);
	return xasprintf("%s-%.8s", date, l->digest);
}

static int stale(const struct lock *l, struct err *err, const char *what)
{
	err_set(err, ERR_TRUST, "the lock of recipe '%s' was made from %s", l->recipe_name, what);
	return err_hint(err, "make a new lock, or check out what this one was made from");
}

int lock_check(const struct lock *l, const struct recipe *recipe, struct err *err)
{
	if (!streq(l->recipe_name, recipe->name) || !streq(l->suite, recipe->suite) ||
	    !streq(l->architecture, recipe->architecture))
		return stale(l, err, "another recipe, suite or architecture");
	if (!streq(l->recipe_digest, recipe->digest))
		return stale(l, err, "another state of the recipe, its overlays, scripts or keys");
	if (l->bytes_epoch != BYTES_EPOCH) {
		err_set(err, ERR_TRUST, "the lock wants bytes-epoch %d, this netrescue makes %d",
			l->bytes_epoch, BYTES_EPOCH);
		return err_hint(err, "docs/bytes.md says which release made which");
	}
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

void lock_release(struct lock *l)
{
	free(l->recipe_name);
	free(l->suite);
	free(l->architecture);
	packages_release(&l->packages);
	*l = (struct lock){ 0 };
}
