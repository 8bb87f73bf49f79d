/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "archive/index.h"
#include "base/interrupt.h"
#include "base/io.h"
#include "base/libarchive.h"
#include "base/memory.h"

#define BLOCK ((size_t)256 * 1024)
#define MAGIC_MAX 6

/* How a file is compressed, by its first bytes. */
static const struct {
	const char *magic;
	int filter;
} compression[] = {
	{ "\xfd"
	  "7zXZ",
	  ARCHIVE_FILTER_XZ },
	{ "\x28\xb5\x2f\xfd", ARCHIVE_FILTER_ZSTD },
	{ "\x1f\x8b", ARCHIVE_FILTER_GZIP },
	{ "BZh", ARCHIVE_FILTER_BZIP2 },
};

/* The compressed file, from which libarchive reads. */
struct source {
	int fd;
	struct err err; /* why reading ended */
	char block[BLOCK];
};

static void source_free(struct source **source)
{
	err_release(&(*source)->err);
	free(*source);
}

/* Between two blocks a signal is heard: a file may be large and have hardly any text. */
static la_ssize_t read_block(struct archive *a, void *user, const void **ret)
{
	struct source *source = user;
	ssize_t n = interrupt_check(&source->err);

	if (n == 0)
		n = read_all(source->fd, source->block, BLOCK);
	*ret = source->block;
	if (n >= 0)
		return n;
	if (source->err.class == ERR_NONE)
		(void)err_errno(&source->err, ERR_BUILD, (int)-n, "cannot read from the store");
	archive_set_error(a, EIO, "%s", source->err.message);
	return -1;
}

static int broken(struct archive *a, struct source *source, const struct index_file *file,
		  struct err *err)
{
	const char *why = archive_error_string(a);

	if (source->err.class != ERR_NONE)
		return err_move(err, &source->err);
	return err_set(err, ERR_TRUST, "the package list of %s cannot be read: %s", file->title,
		       why ? why : "unknown format");
}

static int filter_of(int fd)
{
	char head[MAGIC_MAX] = { 0 };
	ssize_t n = pread(fd, head, sizeof(head), 0);

	for (size_t i = 0; i < ARRAY_SIZE(compression); i++) {
		size_t length = strlen(compression[i].magic);

		if (n >= (ssize_t)length && memcmp(head, compression[i].magic, length) == 0)
			return compression[i].filter;
	}
	return ARCHIVE_FILTER_NONE;
}

/* Opens a compressed stream. *ret_empty says that it has no text at all, as a pocket has on its
 * first day. The one filter is named: libarchive would go on to look whether what comes out is
 * compressed as well, and between such layers there is no limit to what goes through. */
static int open_stream(struct archive *a, struct source *source, const struct index_file *file,
		       bool *ret_empty, struct err *err)
{
	struct archive_entry *entry;
	int r;

	if (archive_read_append_filter(a, filter_of(source->fd)) != ARCHIVE_OK)
		return broken(a, source, file, err);
	(void)archive_read_support_format_raw(a);
	(void)archive_read_support_format_empty(a);
	/* What cannot be decompressed looks empty to libarchive, but for the error. */
	if (archive_read_open(a, source, NULL, read_block, NULL) != ARCHIVE_OK ||
	    archive_error_string(a))
		return broken(a, source, file, err);
	r = archive_read_next_header(a, &entry);
	if ((r != ARCHIVE_OK && r != ARCHIVE_EOF) || archive_error_string(a))
		return broken(a, source, file, err);
	*ret_empty = r == ARCHIVE_EOF;
	return 0;
}

/* What is signed does not fit together, so that no other mirror would help. */
static int add_hint(struct err *err)
{
	return err_hint(err, "tell whoever runs that archive; until it is mended, build from a "
			     "lock (--lock), or without it");
}

/* Its Release says how long the text is, if it lists it. */
static uint64_t text_limit(const struct index_file *file)
{
	return file->text_size > 0 && file->text_size < INDEX_TEXT_MAX ? file->text_size
								       : INDEX_TEXT_MAX;
}

static int copy_text(struct archive *a, struct source *source, int to,
		     const struct index_file *file, uint64_t *ret_total, struct err *err)
{
	uint64_t most = text_limit(file);
	uint64_t total = 0;
	const void *block;
	la_int64_t offset;
	size_t size;
	int r;

	while ((r = archive_read_data_block(a, &block, &size, &offset)) == ARCHIVE_OK) {
		total += size;
		if (total > most) {
			(void)err_set(err, ERR_TRUST,
				      "the package list of %s has more than the %llu bytes of "
				      "text that it may have",
				      file->title, (unsigned long long)most);
			return add_hint(err);
		}
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
	*ret_total = total;
	return r == ARCHIVE_EOF ? 0 : broken(a, source, file, err);
}

static int check_size(const struct index_file *file, uint64_t total, struct err *err)
{
	if (file->text_size == 0 || total == file->text_size)
		return 0;
	(void)err_set(err, ERR_TRUST,
		      "the package list of %s has %llu bytes of text, not the %llu that its "
		      "Release promises",
		      file->title, (unsigned long long)total, (unsigned long long)file->text_size);
	return add_hint(err);
}

int index_open_text(struct store *s, const struct index_file *file, int *ret_fd, struct err *err)
{
	CLEANUP(source_free) struct source *source = xcalloc(1, sizeof(*source));
	CLEANUP(archive_read_cleanup) struct archive *a = archive_read_new();
	cleanup_fd int fd = -1;
	cleanup_fd int text = -1;
	bool empty = false;
	uint64_t total = 0;
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
	source->fd = fd;
	r = open_stream(a, source, file, &empty, err);
	if (r < 0)
		return r;
	r = empty ? 0 : copy_text(a, source, text, file, &total, err);
	if (r < 0)
		return r;
	r = check_size(file, total, err);
	if (r < 0)
		return r;
	if (lseek(text, 0, SEEK_SET) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot read a temporary file");
	*ret_fd = take_fd(&text);
	return 0;
}
