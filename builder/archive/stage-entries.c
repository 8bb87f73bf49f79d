/* SPDX-License-Identifier: MIT */
#include "archive/stage-entries.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/tree.h"

#define PLACE STORE_FACTS "/" STAGE_ENTRY_FACT

static char *name_of(const char *stage, const char *key)
{
	return xasprintf("%s.%s", stage, key);
}

int stage_entry_find(struct store *s, const char *stage, const char *key, struct strv *ret,
		     struct err *err)
{
	cleanup_free char *name = name_of(stage, key);
	cleanup_free char *value = NULL;
	CLEANUP(strv_release) struct strv word = { 0 };
	int r = store_fact_get(s, STAGE_ENTRY_FACT, name, &value, err);

	if (r < 0 || !value)
		return r;
	strv_split(&word, value, " ");
	for (size_t i = 1; i < word.count; i++)
		strv_add(ret, word.item[i]);
	return 0;
}

/* A build removes nothing for a fact that is not the owner's: by such a one, whoever filled the
 * store could have it remove blobs that it still needs. */
static bool is_of(const struct stage_entry *e, const char *stage, const char *recipe)
{
	size_t length = strlen(stage);

	return e->is_own && strncmp(e->name, stage, length) == 0 && e->name[length] == '.' &&
	       e->word.count > 0 && streq(e->word.item[0], recipe);
}

static void release_entry(struct stage_entry *e)
{
	free(e->name);
	free(e->directory);
	strv_release(&e->word);
}

void stage_entries_release(struct stage_entries *e)
{
	for (size_t i = 0; i < e->count; i++)
		release_entry(&e->item[i]);
	free(e->item);
	*e = (struct stage_entries){ 0 };
}

/* Those of that recipe and stage come first, in their order; returns how many they are. */
static size_t move_first(struct stage_entries *all, const char *stage, const char *recipe)
{
	cleanup_free struct stage_entry *other = xcalloc(all->count + 1, sizeof(*other));
	size_t own = 0, others = 0;

	for (size_t i = 0; i < all->count; i++) {
		if (is_of(&all->item[i], stage, recipe))
			all->item[own++] = all->item[i];
		else
			other[others++] = all->item[i];
	}
	if (others > 0)
		memcpy(&all->item[own], other, others * sizeof(*other));
	return own;
}

struct listing {
	struct store *store;
	struct stage_entries all;
};

static void listing_release(struct listing *l)
{
	stage_entries_release(&l->all);
}

static bool is_own(struct store *s, const char *name, const char *value)
{
	CLEANUP(err_release) struct err ignored = { 0 };
	cleanup_free char *own = NULL;

	return store_fact_get(s, STAGE_ENTRY_FACT, name, &own, &ignored) == 0 && own &&
	       streq(own, value);
}

static int add_entry(const struct walk_entry *e, void *data, struct err *err)
{
	struct listing *l = data;
	struct stage_entries *all = &l->all;
	const char *slash = strrchr(e->path, '/');
	CLEANUP(text_release) struct text value = { 0 };
	CLEANUP(err_release) struct err gone = { 0 };
	struct stage_entry *entry;
	int r;

	(void)err;
	if (!S_ISREG(e->st->st_mode) || !slash)
		return 0;
	/* Another builder may have removed it by now. */
	r = read_file_nofollow(e->dirfd, e->name, STORE_FACT_FILE_MAX, &value, &gone);
	if (r < 0)
		return 0;
	value.data[strcspn(value.data, "\n")] = '\0';
	GROW(all->item, all->count, all->allocated);
	entry = &all->item[all->count++];
	*entry = (struct stage_entry){
		.name = xstrdup(e->name),
		.directory = xstrndup(e->path, (size_t)(slash - e->path)),
		.is_own = is_own(l->store, e->name, value.data),
		.used = (int64_t)e->st->st_mtim.tv_sec * 1000000000 + e->st->st_mtim.tv_nsec,
	};
	strv_split(&entry->word, value.data, " ");
	return 0;
}

static int by_use(const void *a, const void *b)
{
	const struct stage_entry *x = a, *y = b;

	return x->used != y->used ? (x->used < y->used ? -1 : 1) : strcmp(x->name, y->name);
}

int stage_entries_list(struct store *s, struct stage_entries *ret, struct err *err)
{
	CLEANUP(listing_release) struct listing l = { .store = s };
	cleanup_fd int fd = -1;
	int r = store_open_dir(s, PLACE, &fd, err);

	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = walk_tree(fd, add_entry, &l, err);
	if (r < 0)
		return r;
	if (l.all.count > 0)
		qsort(l.all.item, l.all.count, sizeof(*l.all.item), by_use);
	*ret = TAKE(l.all);
	return 0;
}

static int remove_file(struct store *s, const char *directory, const char *name, bool dry_run,
		       uint64_t *ret_files, uint64_t *ret_bytes, struct err *err)
{
	cleanup_fd int fd = -1;
	struct stat st;
	int r = store_open_dir(s, directory, &fd, err);

	if (r == -ENOENT || (r == 0 && fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0))
		return 0;
	if (r < 0)
		return r;
	if (!dry_run && unlinkat(fd, name, 0) < 0 && errno != ENOENT)
		return err_errno(err, ERR_BUILD, errno, "cannot remove '%s/%s'", directory, name);
	++*ret_files;
	*ret_bytes += (uint64_t)st.st_size;
	return 0;
}

/* Not every word of an entry is the digest of a blob. */
static int remove_blob(struct store *s, const char *word, bool dry_run, uint64_t *ret_files,
		       uint64_t *ret_bytes, struct err *err)
{
	cleanup_free char *directory = xasprintf("sha256/%.2s", word);

	return digest_is_valid(word)
		       ? remove_file(s, directory, word, dry_run, ret_files, ret_bytes, err)
		       : 0;
}

static bool is_named(const struct stage_entries *entries, size_t from, const char *digest)
{
	for (size_t i = from; i < entries->count; i++)
		if (strv_has(&entries->item[i].word, digest))
			return true;
	return false;
}

static int remove_one(struct store *s, const struct stage_entries *entries, size_t i, bool dry_run,
		      uint64_t *ret_files, uint64_t *ret_bytes, struct err *err)
{
	const struct stage_entry *e = &entries->item[i];
	cleanup_free char *place = xasprintf(PLACE "/%s", e->directory);
	uint64_t facts = 0, ignored = 0;
	int r = remove_file(s, place, e->name, dry_run, &facts, &ignored, err);

	for (size_t w = 0; r == 0 && w < e->word.count; w++)
		if (!is_named(entries, i + 1, e->word.item[w]))
			r = remove_blob(s, e->word.item[w], dry_run, ret_files, ret_bytes, err);
	return r;
}

int stage_entries_remove(struct store *s, struct stage_entries *entries, size_t count, bool dry_run,
			 uint64_t *ret_files, uint64_t *ret_bytes, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		int r = remove_one(s, entries, i, dry_run, ret_files, ret_bytes, err);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < count; i++)
		release_entry(&entries->item[i]);
	memmove(entries->item, entries->item + count,
		(entries->count - count) * sizeof(*entries->item));
	entries->count -= count;
	return 0;
}

int stage_entry_forget(struct store *s, const char *stage, const char *key, struct err *err)
{
	CLEANUP(stage_entries_release) struct stage_entries all = { 0 };
	cleanup_free char *name = name_of(stage, key);
	uint64_t files = 0, bytes = 0;
	int r = stage_entries_list(s, &all, err);

	for (size_t i = 0; r == 0 && i < all.count; i++)
		if (all.item[i].is_own && streq(all.item[i].name, name)) {
			const struct stage_entry found = all.item[i];

			memmove(&all.item[1], &all.item[0], i * sizeof(found));
			all.item[0] = found;
			return stage_entries_remove(s, &all, 1, false, &files, &bytes, err);
		}
	return r;
}

static int remove_too_many(struct store *s, const char *stage, const char *recipe, struct err *err)
{
	CLEANUP(stage_entries_release) struct stage_entries all = { 0 };
	uint64_t files = 0, bytes = 0;
	size_t own;
	int r = stage_entries_list(s, &all, err);

	if (r < 0)
		return r;
	own = move_first(&all, stage, recipe);
	if (own <= STAGE_ENTRIES_KEPT)
		return 0;
	return stage_entries_remove(s, &all, own - STAGE_ENTRIES_KEPT, false, &files, &bytes, err);
}

/* Blobs that the entry named before and names no longer. */
static int remove_dropped(struct store *s, const struct strv *word, struct err *err)
{
	CLEANUP(stage_entries_release) struct stage_entries all = { 0 };
	uint64_t files = 0, bytes = 0;
	int r = stage_entries_list(s, &all, err);

	for (size_t i = 0; r == 0 && i < word->count; i++)
		if (!is_named(&all, 0, word->item[i]))
			r = remove_blob(s, word->item[i], false, &files, &bytes, err);
	return r;
}

int stage_entry_note(struct store *s, const char *stage, const char *key, const char *recipe,
		     const struct strv *word, struct err *err)
{
	cleanup_free char *name = name_of(stage, key);
	cleanup_free char *words = strv_join(word, " ");
	cleanup_free char *value = xasprintf("%s %s", recipe, words);
	CLEANUP(strv_release) struct strv before = { 0 };
	int r = stage_entry_find(s, stage, key, &before, err);

	if (r == 0)
		r = store_fact_set(s, STAGE_ENTRY_FACT, name, value, err);
	if (r == 0)
		r = remove_dropped(s, &before, err);
	return r < 0 ? r : remove_too_many(s, stage, recipe, err);
}
