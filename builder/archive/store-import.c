/* SPDX-License-Identifier: MIT */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "archive/index.h"
#include "archive/lock-format.h"
#include "archive/store-archive-parts.h"
#include "archive/suite.h"
#include "base/interrupt.h"
#include "base/io.h"
#include "base/memory.h"
#include "base/progress.h"

struct import {
	struct store *store; /* NULL: only look */
	const char *path;
	struct archive *archive;
	struct lock lock;
	bool have_lock;
	struct strv key;       /* that the lock allows */
	struct strv found_key; /* of the archive */
	struct strv found_sum; /* digest of each one's InRelease */
	struct strv index;     /* digests that those name, sorted */
	char *last;	       /* member: the next one's name must be greater */
	struct strv missing;   /* digests of packages that did not come yet, sorted */
	struct store_archive_report report;
};

static void import_release(struct import *i)
{
	lock_release(&i->lock);
	strv_release(&i->key);
	strv_release(&i->found_key);
	strv_release(&i->found_sum);
	strv_release(&i->index);
	strv_release(&i->missing);
	free(i->last);
	if (i->archive)
		(void)archive_read_free(i->archive);
}

static int refuse(const struct import *i, struct err *err, const char *what, const char *name)
{
	(void)err_set(err, ERR_TRUST, "'%s': %s%s", i->path, what, name);
	return err_hint(err, "take another copy of what 'netrescue store export' wrote; the store "
			     "is unchanged");
}

static int broken(const struct import *i, struct err *err)
{
	const char *why = archive_error_string(i->archive);

	return refuse(i, err, "cannot be read: ", why ? why : "unknown format");
}

static int read_text(struct import *i, uint64_t size, uint64_t limit, struct text *ret,
		     struct err *err)
{
	const void *block;
	la_int64_t offset;
	size_t length;
	int r;

	if (size > limit)
		return refuse(i, err, "a member that is too large: ", i->last);
	while ((r = archive_read_data_block(i->archive, &block, &length, &offset)) == ARCHIVE_OK)
		text_append(ret, block, length);
	return r == ARCHIVE_EOF && ret->length == size ? 0 : broken(i, err);
}

static int take_lock(struct import *i, uint64_t size, struct err *err)
{
	CLEANUP(text_release) struct text text = { 0 };
	cleanup_free char *name = xasprintf("%s(" MEMBER_LOCK ")", i->path);
	int r = read_text(i, size, LOCK_SIZE_MAX, &text, err);

	text_add(&text, "");
	if (r < 0)
		return r;
	r = lock_parse(name, &text, &i->lock, err);
	if (r < 0)
		return r;
	i->have_lock = true;
	store_archive_keys(&i->lock, &i->key);
	for (size_t n = 0; n < i->lock.packages.count; n++)
		if (!streq(i->lock.packages.item[n].repository, "local"))
			strv_add(&i->missing, i->lock.packages.item[n].sha256);
	strv_sort(&i->missing);
	strv_unique(&i->missing);
	return 0;
}

static int keep_text(struct import *i, const struct text *text, const char *sha256, struct err *err)
{
	CLEANUP(store_put_release) struct store_put put = STORE_PUT_INIT;
	int r = store_put_begin(i->store, &put, err);

	if (r < 0)
		return r;
	r = write_all(put.fd, text->data, text->length);
	if (r < 0)
		return err_errno(err, ERR_BUILD, -r, "cannot write to the store '%s'",
				 store_path(i->store));
	return store_put_commit(&put, sha256, NULL, err);
}

static int take_index(struct import *i, const char *key, uint64_t size, struct err *err)
{
	CLEANUP(text_release) struct text text = { 0 };
	CLEANUP(strv_release) struct strv word = { 0 };
	char digest[DIGEST_HEX];
	int r;

	if (!strv_has(&i->key, key))
		return refuse(i, err, "the lock takes no package from the suite of ", i->last);
	r = read_text(i, size, INRELEASE_MAX, &text, err);
	if (r < 0)
		return r;
	text_add(&text, "");
	digest_bytes(text.data, text.length, digest);
	strv_split(&word, text.data, " \t\n");
	for (size_t n = 0; n < word.count; n++)
		if (digest_is_valid(word.item[n]))
			strv_add(&i->index, word.item[n]);
	strv_add(&i->found_key, key);
	strv_add(&i->found_sum, digest);
	i->report.indices++;
	i->report.bytes += text.length;
	return i->store ? keep_text(i, &text, digest, err) : 0;
}

/* The size of the package with this digest; false if the lock has no such package. */
static bool size_of(const struct import *i, const char *sha256, uint64_t *ret)
{
	for (size_t n = 0; n < i->lock.packages.count; n++)
		if (streq(i->lock.packages.item[n].sha256, sha256)) {
			*ret = i->lock.packages.item[n].size;
			return true;
		}
	return false;
}

/* Hashes the member, and writes it to fd unless that is -1. */
static int copy_blob(struct import *i, int fd, const char *sha256, struct err *err)
{
	CLEANUP(digest_cleanup) struct digest *digest = digest_new();
	char found[DIGEST_HEX];
	const void *block;
	la_int64_t offset;
	size_t length;
	int got;

	while ((got = archive_read_data_block(i->archive, &block, &length, &offset)) ==
	       ARCHIVE_OK) {
		int r = interrupt_check(err);

		if (r < 0)
			return r;
		digest_update(digest, block, length);
		i->report.bytes += length;
		progress_update(i->report.bytes);
		r = fd >= 0 ? write_all(fd, block, length) : 0;
		if (r < 0)
			return err_errno(err, ERR_BUILD, -r, "cannot write to the store '%s'",
					 store_path(i->store));
	}
	if (got != ARCHIVE_EOF)
		return broken(i, err);
	digest_final(digest, found);
	return streq(found, sha256)
		       ? 0
		       : refuse(i, err, "the SHA-256 does not fit the name of ", i->last);
}

static int take_blob(struct import *i, const char *sha256, uint64_t size, struct err *err)
{
	CLEANUP(store_put_release) struct store_put put = STORE_PUT_INIT;
	uint64_t wanted = 0;
	int r = 0;

	if (!digest_is_valid(sha256))
		return refuse(i, err, "not a SHA-256: ", i->last);
	if (size_of(i, sha256, &wanted)) {
		if (size != wanted)
			return refuse(i, err, "not the size that the lock says: ", i->last);
		(void)strv_remove(&i->missing, sha256);
		i->report.packages++;
	} else if (strv_has(&i->index, sha256)) {
		if (size > INDEX_TEXT_MAX)
			return refuse(i, err, "a member that is too large: ", i->last);
		i->report.indices++;
	} else {
		return refuse(i, err, "neither the lock nor an index names ", i->last);
	}
	if (i->store)
		r = store_put_begin(i->store, &put, err);
	if (r < 0)
		return r;
	r = copy_blob(i, put.fd, sha256, err);
	if (r < 0)
		return r;
	return i->store ? store_put_commit(&put, sha256, NULL, err) : 0;
}

/* The members are "lock", then "index/…", then "sha256/…": but for the first, in byte order. */
static int take_member(struct import *i, struct archive_entry *entry, struct err *err)
{
	const char *name = archive_entry_pathname(entry);
	uint64_t size = (uint64_t)archive_entry_size(entry);

	if (!name || archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) ||
	    !archive_entry_size_is_set(entry) || archive_entry_size(entry) < 0)
		return refuse(i, err,
			      "not a plain file: ", name ? name : "a member without a name");
	if (i->last && !streq(i->last, MEMBER_LOCK) && strcmp(i->last, name) >= 0)
		return refuse(i, err, "out of order or given twice: ", name);
	if (!i->have_lock != streq(name, MEMBER_LOCK))
		return refuse(i, err, "the lock must come first, and only once, not ", name);
	free(i->last);
	i->last = xstrdup(name);
	if (streq(name, MEMBER_LOCK))
		return take_lock(i, size, err);
	if (starts_with(name, MEMBER_INDEX))
		return take_index(i, name + strlen(MEMBER_INDEX), size, err);
	if (starts_with(name, MEMBER_BLOB))
		return take_blob(i, name + strlen(MEMBER_BLOB), size, err);
	return refuse(i, err, "this does not belong into such an archive: ", name);
}

static int read_members(struct import *i, int fd, struct err *err)
{
	struct archive_entry *entry;
	int got;

	i->archive = archive_read_new();
	(void)archive_read_support_format_tar(i->archive);
	(void)archive_read_support_filter_zstd(i->archive);
	if (archive_read_open_fd(i->archive, fd, ARCHIVE_BLOCK) != ARCHIVE_OK)
		return broken(i, err);
	while ((got = archive_read_next_header(i->archive, &entry)) == ARCHIVE_OK) {
		int r = take_member(i, entry, err);

		if (r < 0)
			return r;
	}
	if (got != ARCHIVE_EOF)
		return broken(i, err);
	if (!i->have_lock)
		return refuse(i, err, "there is no lock in it", "");
	if (i->missing.count > 0)
		return refuse(i, err, "it ends before " MEMBER_BLOB, i->missing.item[0]);
	return 0;
}

/* What this machine has seen itself stays: it may be newer. */
static int remember_indices(struct import *i, struct err *err)
{
	for (size_t n = 0; n < i->found_key.count; n++) {
		cleanup_free char *known = NULL;
		int r = store_fact_get(i->store, SUITE_FACT_INDEX, i->found_key.item[n], &known,
				       err);

		if (r < 0)
			return r;
		if (known)
			continue;
		r = store_fact_set(i->store, SUITE_FACT_INDEX, i->found_key.item[n],
				   i->found_sum.item[n], err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Reads the archive once. store NULL: only checks it. */
static int pass(struct store *s, const char *path, int fd, struct store_archive_report *ret,
		struct err *err)
{
	CLEANUP(import_release) struct import i = { .store = s, .path = path };
	int r;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(err, ERR_USAGE, errno, "cannot read '%s'", path);
	r = read_members(&i, fd, err);
	if (r < 0)
		return r;
	r = s ? remember_indices(&i, err) : 0;
	if (r < 0)
		return r;
	*ret = i.report;
	return 0;
}

int store_import(struct store *s, const char *path, struct store_archive_report *ret,
		 struct err *err)
{
	cleanup_fd int fd = -1;
	int r = open_file(AT_FDCWD, path, 0, ERR_USAGE, &fd, err);

	if (r < 0)
		return r;
	progress_start("check", 0, PROGRESS_BYTES);
	r = pass(NULL, path, fd, ret, err);
	if (r < 0)
		return r;
	progress_end(path);
	progress_start("import", ret->bytes, PROGRESS_BYTES);
	r = pass(s, path, fd, ret, err);
	if (r < 0)
		return r;
	progress_end(path);
	return 0;
}
