/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include "archive/index.h"
#include "base/interrupt.h"
#include "base/io.h"
#include "base/libarchive.h"

#define BLOCK ((size_t)256 * 1024)

static int broken(struct archive *a, const struct index_file *file, struct err *err)
{
	const char *why = archive_error_string(a);

	return err_set(err, ERR_TRUST, "the package list of %s cannot be read: %s", file->title,
		       why ? why : "unknown format");
}

/* Opens a compressed stream. *ret_empty says that it has no text at all, as a pocket has on its
 * first day. */
static int open_stream(struct archive *a, int fd, const struct index_file *file, bool *ret_empty,
		       struct err *err)
{
	struct archive_entry *entry;
	int r;

	(void)archive_read_support_filter_xz(a);
	(void)archive_read_support_filter_gzip(a);
	(void)archive_read_support_filter_bzip2(a);
	(void)archive_read_support_filter_zstd(a);
	(void)archive_read_support_format_raw(a);
	(void)archive_read_support_format_empty(a);
	if (archive_read_open_fd(a, fd, BLOCK) != ARCHIVE_OK)
		return broken(a, file, err);
	r = archive_read_next_header(a, &entry);
	if (r != ARCHIVE_OK && r != ARCHIVE_EOF)
		return broken(a, file, err);
	*ret_empty = r == ARCHIVE_EOF;
	return 0;
}

static int copy_text(struct archive *a, int to, const struct index_file *file, struct err *err)
{
	uint64_t total = 0;
	const void *block;
	la_int64_t offset;
	size_t size;
	int r;

	while ((r = archive_read_data_block(a, &block, &size, &offset)) == ARCHIVE_OK) {
		total += size;
		if (total > INDEX_TEXT_MAX)
			return err_set(err, ERR_TRUST,
				       "the package list of %s has more than %zu bytes of text",
				       file->title, INDEX_TEXT_MAX);
		r = interrupt_check(err);
		if (r < 0)
			return r;
		r = write_all(to, block, size);
		if (r < 0)
			return err_errno(
				err, ERR_BUILD, -r,
				"cannot write a package list to a temporary file; they are made "
				"where TMPDIR says, else in /tmp");
	}
	return r == ARCHIVE_EOF ? 0 : broken(a, file, err);
}

int index_open_text(struct store *s, const struct index_file *file, int *ret_fd, struct err *err)
{
	CLEANUP(archive_read_cleanup) struct archive *a = archive_read_new();
	cleanup_fd int fd = -1;
	cleanup_fd int text = -1;
	bool empty = false;
	int r;

	r = store_get(s, file->sha256, &fd, err);
	if (r < 0)
		return r;
	if (fd < 0)
		return err_set(err, ERR_BUILD,
			       "the package list of %s is no longer in the store '%s'", file->title,
			       store_path(s));
	r = temporary_fd(&text, err);
	if (r < 0)
		return r;
	r = open_stream(a, fd, file, &empty, err);
	if (r < 0)
		return r;
	r = empty ? 0 : copy_text(a, text, file, err);
	if (r < 0)
		return r;
	if (lseek(text, 0, SEEK_SET) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot read a temporary file");
	*ret_fd = take_fd(&text);
	return 0;
}
