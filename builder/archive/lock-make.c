/* SPDX-License-Identifier: MIT */
#include "archive/lock.h"

#include <errno.h>
#include <inttypes.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "deb/ar.h"
#include "archive/lock-format.h"
#include "archive/url.h"
#include "base/io.h"
#include "base/memory.h"
#include "recipe/reach.h"

struct times {
	const struct packages *packages; /* borrowed */
	int64_t *time;			 /* of each; 0: not known yet */
	struct fetch_item *item;	 /* for those */
	size_t *package;		 /* index of the package an item is for */
	size_t count;			 /* of items */
};

static void release_times(struct times *t)
{
	for (size_t i = 0; i < t->count; i++)
		fetch_item_release(&t->item[i]);
	free(t->item);
	free(t->package);
	free(t->time);
}

static int read_hearsay(struct store *s, const char *sha256, int64_t *ret, struct err *err)
{
	cleanup_free char *value = NULL;
	uint64_t number;
	int r = store_fact_get(s, LOCK_FACT_HEARSAY, sha256, &value, err);

	if (r < 0)
		return r;
	if (value && parse_u64(value, &number) == 0 && number <= INT64_MAX)
		*ret = (int64_t)number;
	return 0;
}

static int write_hearsay(struct store *s, const char *sha256, int64_t time, struct err *err)
{
	cleanup_free char *value = xasprintf("%" PRId64, time);

	return store_fact_set(s, LOCK_FACT_HEARSAY, sha256, value, err);
}

static int copy_into_store(struct store *s, int fd, char ret_sha256[DIGEST_HEX], struct err *err)
{
	CLEANUP(store_put_release) struct store_put put = STORE_PUT_INIT;
	int r = store_put_begin(s, &put, err);

	if (r < 0)
		return r;
	r = copy_fd(fd, put.fd, NULL, err);
	if (r < 0)
		return r;
	return store_put_commit(&put, NULL, ret_sha256, err);
}

static int import_deb(struct store *s, const struct recipe *recipe, const struct recipe_file *deb,
		      struct err *err)
{
	cleanup_fd int fd = -1;
	char digest[DIGEST_HEX];
	int r = reach_open(recipe->reach, &deb->at, REACH_FILE, "package file", deb->path, &fd,
			   err);

	if (r < 0)
		return r;
	if (copy_into_store(s, fd, digest, err) < 0)
		return err_wrap(err, "copying '%s' into the store", deb->path);
	if (!streq(digest, deb->digest))
		return err_set(err, ERR_TRUST, "'%s' changed while it was used", deb->path);
	return 0;
}

int lock_import_debs(struct store *s, const struct recipe *recipe, struct err *err)
{
	for (size_t i = 0; i < recipe->debs.count; i++) {
		int r = import_deb(s, recipe, &recipe->debs.item[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

void lock_urls(const struct package *p, const struct mirrors *mirrors, int64_t time,
	       struct strv *ret)
{
	CLEANUP(strv_release) struct strv base = { 0 };
	cleanup_free char *path = url_encode(p->path);
	bool security = streq(p->repository, "security");

	if (streq(p->repository, "local"))
		return;
	if (*p->repository && !security)
		strv_addf(&base, "%.*s",
			  (int)(strlen(p->repository) - ends_with(p->repository, "/")),
			  p->repository);
	else
		strv_add_all(&base, security ? &mirrors->security : &mirrors->archive);
	if (security || !*p->repository)
		strv_add_all(&base, security ? &mirrors->dated_security : &mirrors->dated);
	if (time > 0 && (security || !*p->repository))
		mirrors_at(security ? &mirrors->last_security : &mirrors->last, time, &base);
	for (size_t i = 0; i < base.count; i++)
		strv_addf(ret, "%s/%s", base.item[i], path);
}

/* Fills in the times that are known, and makes items to ask for the others. */
static int look_up(struct store *s, const struct mirrors *mirrors, struct times *t, struct err *err)
{
	size_t count = t->packages->count;

	t->time = xcalloc(count + 1, sizeof(*t->time));
	t->item = xcalloc(count + 1, sizeof(*t->item));
	t->package = xcalloc(count + 1, sizeof(*t->package));
	for (size_t i = 0; i < count; i++) {
		const struct package *p = &t->packages->item[i];
		int r = lock_package_time(s, p, &t->time[i], err);

		if (r < 0)
			return r;
		r = t->time[i] == 0 ? read_hearsay(s, p->sha256, &t->time[i], err) : 0;
		if (r < 0)
			return r;
		if (t->time[i] != 0)
			continue;
		lock_urls(p, mirrors, 0, &t->item[t->count].url);
		t->item[t->count].range = AR_HEAD;
		t->item[t->count].limit = AR_HEAD;
		t->package[t->count++] = i;
	}
	return 0;
}

static int ask(struct store *s, const struct mirrors *mirrors, struct times *t, struct err *err)
{
	const struct fetch_options options = { .network = &mirrors->network };
	int r = mirrors_require(mirrors, err);

	if (r < 0)
		return r;
	r = fetch_all(s, t->item, t->count, &options, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < t->count; i++) {
		const struct package *p = &t->packages->item[t->package[i]];
		const struct text *head = &t->item[i].head;
		int64_t *time = &t->time[t->package[i]];

		r = ar_time(t->item[i].from ? t->item[i].from : p->path, head->data, head->length,
			    time, err);
		if (r < 0)
			return r;
		r = write_hearsay(s, p->sha256, *time, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int refuse_offline(const struct times *t, struct err *err)
{
	const struct package *first = &t->packages->item[t->package[0]];

	if (t->count == 1)
		(void)err_set(err, ERR_NETWORK, "package '%s' is not in the store", first->name);
	else
		(void)err_set(err, ERR_NETWORK, "package '%s' and %zu more are not in the store",
			      first->name, t->count - 1);
	return err_hint(err, "run once without --offline, or bring them with 'netrescue store "
			     "import'");
}

static int newest(struct store *s, const struct mirrors *mirrors, bool offline,
		  const struct packages *packages, int64_t *ret, struct err *err)
{
	CLEANUP(release_times) struct times t = { .packages = packages };
	int r = look_up(s, mirrors, &t, err);

	if (r < 0)
		return r;
	if (t.count > 0 && offline)
		return refuse_offline(&t, err);
	if (t.count > 0 && ask(s, mirrors, &t, err) < 0)
		return err_wrap(err, "asking for the packages' dates");
	*ret = 0;
	for (size_t i = 0; i < packages->count; i++)
		if (t.time[i] > *ret)
			*ret = t.time[i];
	return 0;
}

int lock_make(struct store *s, const struct recipe *recipe, const struct mirrors *mirrors,
	      bool offline, struct packages *packages, struct lock *ret, struct err *err)
{
	int64_t epoch = 0;
	int r = lock_import_debs(s, recipe, err);

	if (r < 0)
		return r;
	packages_sort(packages);
	r = newest(s, mirrors, offline, packages, &epoch, err);
	if (r < 0)
		return r;
	r = lock_check_clock(epoch, err);
	if (r < 0)
		return r;
	*ret = (struct lock){
		.recipe_name = xstrdup(recipe->name),
		.suite = xstrdup(recipe->suite),
		.architecture = xstrdup(recipe->architecture),
		.snapshot = recipe->snapshot ? xstrdup(recipe->snapshot) : NULL,
		.source_date_epoch = epoch,
		.bytes_epoch = BYTES_EPOCH,
		.packages = TAKE(*packages),
	};
	for (size_t i = 0; i < recipe->foreign_architectures.count; i++)
		strv_add(&ret->foreign, recipe->foreign_architectures.item[i].value);
	memcpy(ret->recipe_digest, recipe->digest, DIGEST_HEX);
	strv_add_all(&ret->inputs, &recipe->inputs);
	lock_digest(ret);
	return 0;
}
