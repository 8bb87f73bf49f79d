/* SPDX-License-Identifier: MIT */
#include "publish/accounts.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "publish/accounts-parts.h"
#include "publish/origin.h"

#define INFO "var/lib/dpkg/info/"
#define DIVERSIONS "var/lib/dpkg/diversions"
#define KEPT_MAX ((uint64_t)64 << 20)

static bool is_wanted(const struct member *m, void *data)
{
	(void)data;
	return streq(m->path, DIVERSIONS) || streq(m->path, ACCOUNTS_STATUS) ||
	       (starts_with(m->path, INFO) && ends_with(m->path, ".list")) ||
	       fnmatch("usr/share/doc/*/copyright", m->path, FNM_PATHNAME) == 0;
}

static int keep(const struct member *m, const struct text *content, void *data, struct err *err)
{
	struct accounts *a = ((struct accounts_read *)data)->accounts;

	(void)err;
	GROW(a->text, a->text_count, a->text_allocated);
	a->text[a->text_count++] =
		(struct accounts_text){ xstrdup(m->path), xstrdup(content->data) };
	return 0;
}

static void hash_piece(const struct member *m, const void *bytes, size_t size, void *data)
{
	struct accounts_read *read = data;

	if (!read->digest)
		read->digest = digest_new_sha1();
	if (size > 0) {
		digest_update(read->digest, bytes, size);
		return;
	}
	while (read->sha1_allocated <= m->place) {
		size_t more = read->sha1_allocated / 2 + 4096;

		read->sha1 =
			xreallocarray(read->sha1, read->sha1_allocated + more, sizeof(*read->sha1));
		memset(read->sha1 + read->sha1_allocated, 0, more * sizeof(*read->sha1));
		read->sha1_allocated += more;
	}
	digest_final(read->digest, read->sha1[m->place]);
	digest_free(take_ptr(read->digest));
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(((const struct accounts_text *)a)->path,
		      ((const struct accounts_text *)b)->path);
}

const char *accounts_text(const struct accounts *a, const char *path)
{
	cleanup_free char *real = members_resolve(&a->members, path, true);
	struct accounts_text key = { .path = real };
	const struct accounts_text *found =
		real && a->text_count
			? bsearch(&key, a->text, a->text_count, sizeof(*a->text), compare_texts)
			: NULL;

	return found ? found->text : NULL;
}

static void read_release(struct accounts_read *read)
{
	digest_free(read->digest);
	free(read->sha1);
	free(read->owner);
	free(read->maker);
	free(read->altered);
}

/* The index among the members, or their count. */
static size_t place_of(const struct accounts *a, const char *path)
{
	const struct member *m = members_find(&a->members, path);

	return m ? (size_t)(m - a->members.item) : a->members.count;
}

size_t accounts_place(const struct accounts *a, const char *path)
{
	cleanup_free char *real = NULL;
	size_t place = place_of(a, path);

	if (place < a->members.count)
		return place;
	real = members_resolve(&a->members, path, false);
	return real ? place_of(a, real) : a->members.count;
}

static void fill_digests(const struct accounts_read *read, struct account *account)
{
	const struct member *m = account->member;
	const struct member *file = m->first ? members_find(&read->accounts->members, m->first) : m;

	memcpy(account->sha256, m->sha256, sizeof(account->sha256));
	if (m->target) {
		CLEANUP(digest_cleanup) struct digest *digest = digest_new_sha1();

		digest_update(digest, m->target, strlen(m->target));
		digest_final(digest, account->sha1);
		digest_bytes(m->target, strlen(m->target), account->sha256);
	} else if (file && file->place < read->sha1_allocated) {
		memcpy(account->sha1, read->sha1[file->place], sizeof(account->sha1));
	}
}

struct search {
	const struct packages *packages;
	const struct package *found;
};

static bool is_installed(const char *pattern, const char **ret, void *data)
{
	struct search *s = data;

	for (size_t i = 0; i < s->packages->count; i++) {
		const struct package *p = &s->packages->item[i];

		if (p->role != ROLE_IMAGE || fnmatch(pattern, p->name, 0) != 0)
			continue;
		s->found = p;
		*ret = p->name;
		return true;
	}
	return false;
}

/* "usr/lib/x/__pycache__/a.cpython-313.pyc" counts only beside a "usr/lib/x/a.py" of a package. */
static bool lacks_source(const struct accounts_read *read, const char *path)
{
	const char *cache = strstr(path, "/__pycache__/");
	const char *name = cache ? strrchr(path, '/') + 1 : NULL;
	cleanup_free char *source = cache ? xasprintf("%.*s/%.*s.py", (int)(cache - path), path,
						      (int)strcspn(name, "."), name)
					  : NULL;
	size_t place = source ? accounts_place(read->accounts, source) : SIZE_MAX;

	return source && (place >= read->accounts->members.count || !read->owner[place]);
}

static bool find_origin(const struct accounts_read *read, struct account *account)
{
	const struct member *m = account->member;
	struct search search = { .packages = read->packages };
	const char *package = NULL;
	const struct origin *o = origin_find(m->path, m->target, is_installed, &search, &package);

	if (!o || lacks_source(read, m->path))
		return false;
	account->package = package;
	account->how = xstrdup(o->how);
	account->stage = o->stage ? o->stage : search.found && search.found->base ? "base" : "rest";
	return true;
}

static void add_account(struct accounts_read *read, size_t place)
{
	struct accounts *a = read->accounts;
	const struct made_file *maker = read->maker[place];
	struct account account = { .member = &a->members.item[place], .stage = "" };

	account.altered = read->owner[place] != NULL;
	account.package = read->owner[place];
	fill_digests(read, &account);
	if (maker) {
		account.how = xstrdup(maker->maker);
		account.stage = "settings";
	} else if (account.altered || !find_origin(read, &account)) {
		account.how = xstrdup("");
		account.dark = true;
	}
	a->dark += account.dark;
	a->generated += !account.dark && !account.altered;
	a->altered += !account.dark && account.altered;
	GROW(a->item, a->count, a->allocated);
	a->item[a->count++] = account;
}

static void judge(struct accounts_read *read)
{
	struct accounts *a = read->accounts;

	for (size_t i = 0; i < a->members.count; i++) {
		if (a->members.item[i].type == S_IFDIR)
			continue;
		a->files++;
		a->of_packages += read->owner[i] != NULL;
		/* A package's file that was written over with the same bytes is as it was; of links
		 * dpkg --verify says nothing. */
		if (!read->owner[i] || read->altered[i] ||
		    (read->maker[i] && a->members.item[i].target))
			add_account(read, i);
	}
	a->dark += a->gone.count;
}

int accounts_read(int rootfs_fd, const struct packages *packages, const struct made *made,
		  struct accounts *ret, struct err *err)
{
	CLEANUP(accounts_release) struct accounts a = { 0 };
	CLEANUP(read_release)
	struct accounts_read read = { .accounts = &a, .packages = packages, .made = made };
	const struct member_reader reader = {
		.wants = is_wanted,
		.take = keep,
		.piece = hash_piece,
		.data = &read,
		.limit = KEPT_MAX,
	};
	int r = members_read(rootfs_fd, &reader, &a.members, err);

	if (r < 0)
		return r;
	if (a.text_count > 0)
		qsort(a.text, a.text_count, sizeof(*a.text), compare_texts);
	read.owner = xcalloc(a.members.count, sizeof(*read.owner));
	read.maker = xcalloc(a.members.count, sizeof(*read.maker));
	read.altered = xcalloc(a.members.count, sizeof(*read.altered));
	accounts_read_owners(&read);
	accounts_read_makers(&read);
	judge(&read);
	*ret = a;
	a = (struct accounts){ 0 };
	return 0;
}

void accounts_release(struct accounts *a)
{
	for (size_t i = 0; i < a->count; i++)
		free(a->item[i].how);
	for (size_t i = 0; i < a->text_count; i++) {
		free(a->text[i].path);
		free(a->text[i].text);
	}
	free(a->item);
	free(a->text);
	strv_release(&a->gone);
	members_release(&a->members);
	*a = (struct accounts){ 0 };
}
