/* SPDX-License-Identifier: MIT */
#include "archive/hold.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <solv/knownid.h>
#include <solv/repo.h>
#include <solv/solvable.h>

#include "archive/control.h"
#include "archive/lock-format.h"
#include "base/log.h"
#include "base/memory.h"

static void close_file(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

void hold_release(struct hold *h)
{
	strv_release(&h->moved);
	strv_release(&h->reason);
}

static bool is_package(const struct universe *u, Id p, const struct package *wanted)
{
	Id type = 0;
	const char *sha256 =
		solvable_lookup_checksum(pool_id2solvable(u->pool, p), SOLVABLE_CHECKSUM, &type);

	return sha256 && type == REPOKEY_TYPE_SHA256 && streq(sha256, wanted->sha256);
}

/* Before the universe is indexed. */
static bool is_listed(const struct universe *u, const struct package *wanted)
{
	Id name = pool_str2id(u->pool, wanted->name, 0);

	for (Id p = 2; name && p < u->pool->nsolvables; p++)
		if (u->pool->solvables[p].repo && u->pool->solvables[p].name == name &&
		    is_package(u, p, wanted))
			return true;
	return false;
}

static int add_forgotten(struct universe *u, struct store *s, const struct package *p,
			 struct err *err)
{
	const struct universe_source source = {
		.suite = p->suite,
		.component = p->component,
		.repository = p->repository,
		.pocket = true, /* what the suite lists itself decides about priorities */
	};
	CLEANUP(text_release) struct text stanza = { 0 };
	CLEANUP(close_file) FILE *f = NULL;
	cleanup_fd int fd = -1;
	int r = store_get(s, p->sha256, &fd, err);

	if (r < 0)
		return r;
	if (fd < 0 || control_read(fd, &stanza) < 0)
		return err_set(err, ERR_BUILD, "package '%s' %s has no control file", p->name,
			       p->version);
	text_printf(&stanza, "\nFilename: %s\nSize: %" PRIu64 "\nSHA256: %s\n\n", p->path, p->size,
		    p->sha256);
	f = fmemopen(stanza.data, stanza.length, "r");
	if (!f)
		return err_errno(err, ERR_BUILD, errno, "cannot read '%s'", p->path);
	return universe_add_text(u, &source, f, p->path, err);
}

int hold_add(struct hold *h, struct universe *u, struct store *s, struct err *err)
{
	const struct packages *list = &h->lock->packages;
	cleanup_free bool *forgotten = xcalloc(list->count + 1, sizeof(*forgotten));
	int r;

	for (size_t i = 0; i < list->count; i++)
		forgotten[i] = !streq(list->item[i].repository, "local") &&
			       !strv_has(h->update, list->item[i].name) &&
			       (i == 0 || !streq(list->item[i].sha256, list->item[i - 1].sha256)) &&
			       !is_listed(u, &list->item[i]);
	r = lock_obtain(s, h->lock, forgotten, h->mirrors, err);
	if (r < 0)
		return err_wrap(err, "keeping its version");
	for (size_t i = 0; i < list->count && r == 0; i++)
		if (forgotten[i])
			r = add_forgotten(u, s, &list->item[i], err);
	return r;
}

static void move(struct hold *h, const char *name, const char *reason)
{
	strv_add(&h->moved, name);
	strv_add(&h->reason, reason);
}

static int note_updates(struct hold *h, struct err *err)
{
	const struct packages *list = &h->lock->packages;

	for (size_t i = 0; i < h->update->count; i++) {
		const char *name = h->update->item[i];

		if (strv_has(&h->moved, name))
			continue;
		if (!packages_find(list, name, ROLE_IMAGE) &&
		    !packages_find(list, name, ROLE_BOOT)) {
			(void)err_set(err, ERR_USAGE, "there is no package '%s' in '%s' to update",
				      name, h->lock->path);
			return err_hint(err, "packages that are new come in by the recipe");
		}
		move(h, name, "asked for");
	}
	return 0;
}

static void pin_all(const struct hold *h, struct universe *u)
{
	for (size_t i = 0; i < h->lock->packages.count; i++) {
		const struct package *p = &h->lock->packages.item[i];
		const Id *first;
		size_t count = universe_named(u, p->name, &first);

		if (strv_has(&h->moved, p->name))
			continue;
		for (size_t k = 0; k < count; k++)
			if (is_package(u, first[k], p))
				universe_pin(u, first[k]);
	}
}

int hold_pin(struct hold *h, struct universe *u, struct err *err)
{
	int r = note_updates(h, err);

	if (r < 0)
		return r;
	pin_all(h, u);
	hold_loosen(h, u);
	return 0;
}

static const char *reason_of(const struct hold *h, const char *name)
{
	for (size_t i = 0; i < h->moved.count; i++)
		if (streq(h->moved.item[i], name))
			return h->reason.item[i];
	return "the old one is not to be had";
}

static void replace(char **text, const char *by)
{
	free(*text);
	*text = xstrdup(by);
}

/* One of the new lock against the old one. */
static void report_package(const struct hold *h, struct package *p)
{
	const struct package *old = packages_find(&h->lock->packages, p->name, p->role);

	if (!old) {
		log_note("%s %s is new", p->name, p->version);
	} else if (!streq(old->sha256, p->sha256)) {
		log_note("%s %s -> %s: %s", p->name, old->version, p->version,
			 reason_of(h, p->name));
	} else {
		/* The same file may be listed elsewhere by now: that is no reason to change. */
		replace(&p->suite, old->suite);
		replace(&p->component, old->component);
		replace(&p->path, old->path);
		replace(&p->repository, old->repository);
	}
}

void hold_report(const struct hold *h, struct packages *packages)
{
	for (size_t i = 0; i < packages->count; i++)
		report_package(h, &packages->item[i]);
	for (size_t i = 0; i < h->lock->packages.count; i++) {
		const struct package *old = &h->lock->packages.item[i];
		const struct package *now = packages_find(packages, old->name, old->role);

		if (!now)
			log_note("%s %s is no longer needed", old->name, old->version);
		else if (strv_has(h->update, old->name) && streq(now->sha256, old->sha256))
			log_note("%s %s is the newest there is", old->name, old->version);
	}
}
