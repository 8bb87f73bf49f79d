/* SPDX-License-Identifier: MIT */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "archive/store-archive-parts.h"
#include "archive/suite.h"
#include "base/atomic-file.h"
#include "base/interrupt.h"
#include "base/io.h"
#include "base/memory.h"
#include "base/progress.h"

struct export
{
	struct store *store;
	const struct lock *lock;
	struct archive *archive;
	const char *path;
	struct strv key;
	struct text *release; /* InRelease of each key; empty: the store has none */
	struct strv package;  /* digests, sorted, all different */
	struct strv index;    /* of Packages files, likewise */
	struct store_archive_report report;
};

static void export_release(struct export *e)
{
	for (size_t i = 0; e->release && i < e->key.count; i++)
		text_release(&e->release[i]);
	free(e->release);
	strv_release(&e->key);
	strv_release(&e->package);
	strv_release(&e->index);
	if (e->archive)
		(void)archive_write_free(e->archive);
}

void store_archive_keys(const struct lock *l, struct strv *ret)
{
	cleanup_free char *updates = xasprintf("%s-updates", l->suite);
	cleanup_free char *security = xasprintf("%s-security", l->suite);

	strv_add_take(ret, suite_key("", l->suite, l->snapshot));
	strv_add_take(ret, suite_key("", updates, l->snapshot));
	strv_add_take(ret, suite_key("security", security, l->snapshot));
	for (size_t i = 0; i < l->packages.count; i++) {
		const struct package *p = &l->packages.item[i];

		if (!streq(p->repository, "local"))
			strv_add_take(ret, suite_key(p->repository, p->suite, l->snapshot));
	}
	strv_sort(ret);
	strv_unique(ret);
}

static int cannot_write(const struct export *e, struct err *err)
{
	return err_errno(err, ERR_BUILD,
			 archive_errno(e->archive) ? archive_errno(e->archive) : EIO,
			 "cannot write '%s'", e->path);
}

static int read_blob(struct export *e, const char *sha256, int *ret_fd, struct err *err)
{
	int r = store_get(e->store, sha256, ret_fd, err);

	if (r < 0)
		return r;
	return *ret_fd >= 0 ? 0
			    : err_set(err, ERR_BUILD,
				      "the file of SHA-256 %s was removed from the store '%s' "
				      "during the export: run it again",
				      sha256, store_path(e->store));
}

/* Finds the Packages files of this InRelease that the store has. */
static void find_indices(struct export *e, const struct text *release)
{
	CLEANUP(strv_release) struct strv word = { 0 };

	strv_split(&word, release->data, " \t\n");
	for (size_t i = 0; i < word.count; i++)
		if (digest_is_valid(word.item[i]) && store_has(e->store, word.item[i]) &&
		    !strv_has(&e->package, word.item[i]))
			strv_add(&e->index, word.item[i]);
}

static int find_release(struct export *e, size_t i, struct err *err)
{
	cleanup_free char *digest = NULL;
	cleanup_fd int fd = -1;
	int r = store_fact_get(e->store, SUITE_FACT_INDEX, e->key.item[i], &digest, err);

	if (r < 0 || !digest)
		return r;
	r = store_get(e->store, digest, &fd, err);
	if (r < 0 || fd < 0)
		return r;
	cleanup_free char *data = xmalloc(INRELEASE_MAX);
	ssize_t n = read_all(fd, data, INRELEASE_MAX);

	if (n < 0)
		return err_errno(err, ERR_BUILD, (int)-n, "cannot read from the store '%s'",
				 store_path(e->store));
	text_append(&e->release[i], data, (size_t)n);
	find_indices(e, &e->release[i]);
	return 0;
}

static int find_files(struct export *e, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < e->lock->packages.count; i++)
		if (!streq(e->lock->packages.item[i].repository, "local"))
			strv_add(&e->package, e->lock->packages.item[i].sha256);
	strv_sort(&e->package);
	strv_unique(&e->package);
	store_archive_keys(e->lock, &e->key);
	e->release = xcalloc(e->key.count, sizeof(*e->release));
	for (size_t i = 0; i < e->key.count; i++) {
		r = find_release(e, i, err);
		if (r < 0)
			return r;
	}
	strv_sort(&e->index);
	strv_unique(&e->index);
	return r;
}

static int begin_member(struct export *e, const char *name, uint64_t size, struct err *err)
{
	struct archive_entry *entry = archive_entry_new();
	int r;

	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, (la_int64_t)size);
	archive_entry_set_mtime(entry, (time_t)e->lock->source_date_epoch, 0);
	r = archive_write_header(e->archive, entry);
	archive_entry_free(entry);
	return r == ARCHIVE_OK ? 0 : cannot_write(e, err);
}

static int write_member(struct export *e, const char *name, const char *data, size_t size,
			struct err *err)
{
	int r = begin_member(e, name, size, err);

	if (r < 0)
		return r;
	if (archive_write_data(e->archive, data, size) != (la_ssize_t)size)
		return cannot_write(e, err);
	return 0;
}

static int write_blob(struct export *e, const char *sha256, struct err *err)
{
	cleanup_free char *name = xasprintf(MEMBER_BLOB "%s", sha256);
	cleanup_free char *block = xmalloc(ARCHIVE_BLOCK);
	cleanup_fd int fd = -1;
	struct stat st;
	ssize_t n = 1;
	int r = read_blob(e, sha256, &fd, err);

	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot read from the store '%s'",
				 store_path(e->store));
	r = begin_member(e, name, (uint64_t)st.st_size, err);
	if (r < 0)
		return r;
	while (n > 0) {
		n = read_all(fd, block, ARCHIVE_BLOCK);
		if (n < 0)
			return err_errno(err, ERR_BUILD, (int)-n, "cannot read from the store '%s'",
					 store_path(e->store));
		if (archive_write_data(e->archive, block, (size_t)n) != n)
			return cannot_write(e, err);
		r = interrupt_check(err);
		if (r < 0)
			return r;
	}
	e->report.bytes += (uint64_t)st.st_size;
	progress_update(e->report.bytes);
	return 0;
}

static int write_members(struct export *e, struct err *err)
{
	cleanup_free char *text = lock_text(e->lock);
	CLEANUP(strv_release) struct strv blob = { 0 };
	int r = write_member(e, MEMBER_LOCK, text, strlen(text), err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < e->key.count; i++) {
		cleanup_free char *name = xasprintf(MEMBER_INDEX "%s", e->key.item[i]);

		if (e->release[i].length == 0)
			continue;
		r = write_member(e, name, e->release[i].data, e->release[i].length, err);
		if (r < 0)
			return r;
		e->report.indices++;
		e->report.bytes += e->release[i].length;
	}
	strv_add_all(&blob, &e->package);
	strv_add_all(&blob, &e->index);
	strv_sort(&blob);
	for (size_t i = 0; i < blob.count; i++) {
		r = write_blob(e, blob.item[i], err);
		if (r < 0)
			return r;
	}
	e->report.packages = e->package.count;
	e->report.indices += e->index.count;
	return archive_write_close(e->archive) == ARCHIVE_OK ? 0 : cannot_write(e, err);
}

/* Level 1 is enough: the members are compressed already. */
static int open_archive(struct export *e, int fd, struct err *err)
{
	e->archive = archive_write_new();
	if (!e->archive || archive_write_set_format_ustar(e->archive) != ARCHIVE_OK ||
	    archive_write_add_filter_zstd(e->archive) != ARCHIVE_OK ||
	    archive_write_set_filter_option(e->archive, "zstd", "compression-level", "1") !=
		    ARCHIVE_OK ||
	    archive_write_open_fd(e->archive, fd) != ARCHIVE_OK)
		return cannot_write(e, err);
	return 0;
}

int store_export(struct store *s, const struct lock *l, const char *path,
		 struct store_archive_report *ret, struct err *err)
{
	CLEANUP(atomic_file_release) struct atomic_file file = ATOMIC_FILE_INIT;
	CLEANUP(export_release) struct export e = { .store = s, .lock = l, .path = path };
	int r = lock_need(s, l, err);

	if (r < 0)
		return r;
	r = find_files(&e, err);
	if (r < 0)
		return r;
	r = atomic_file_begin(&file, AT_FDCWD, path, 0644, err);
	if (r < 0)
		return r;
	progress_start("export", 0, PROGRESS_BYTES);
	r = open_archive(&e, file.fd, err);
	if (r < 0)
		return r;
	r = write_members(&e, err);
	if (r < 0)
		return r;
	r = atomic_file_commit(&file, err);
	if (r < 0)
		return r;
	progress_end(path);
	*ret = e.report;
	return 0;
}
