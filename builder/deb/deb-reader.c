/* SPDX-License-Identifier: MIT */
#include "deb/deb-reader.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define READ_BLOCK (256 << 10)

static const struct {
	const char *suffix;
	int (*enable)(struct archive *);
} compression[] = {
	{ "", NULL },
	{ ".gz", archive_read_support_filter_gzip },
	{ ".xz", archive_read_support_filter_xz },
	{ ".zst", archive_read_support_filter_zstd },
	{ ".bz2", archive_read_support_filter_bzip2 },
	{ ".lzma", archive_read_support_filter_lzma },
};

const char *deb_member_name(enum deb_member member)
{
	return member == DEB_CONTROL ? "control" : "data";
}

int deb_archive_error(struct archive *a, struct err *err, const char *what)
{
	const char *why = archive_error_string(a);
	int errnum = archive_errno(a);

	/* For damaged input this is EILSEQ or a negative number, whose text says less than
	 * libarchive's. */
	if (errnum > 0 && errnum != EILSEQ && errnum != EINVAL)
		return err_errno(err, ERR_BUILD, errnum, "%s", what);
	return err_set(err, ERR_BUILD, "%s: %s", what, why ? why : "damaged archive");
}

int deb_reader_open(struct deb_reader *reader, int fd, struct err *err)
{
	reader->ar = archive_read_new();
	archive_read_support_format_ar(reader->ar);
	if (archive_read_open_fd(reader->ar, fd, READ_BLOCK) != ARCHIVE_OK)
		return deb_archive_error(reader->ar, err, "not a .deb");
	return 0;
}

/* A read callback: hands the ar member's bytes to the tar reader as they come. */
static la_ssize_t read_member(struct archive *tar, void *data, const void **ret)
{
	struct deb_reader *reader = data;
	la_int64_t offset;
	size_t size;
	int n;

	n = archive_read_data_block(reader->ar, ret, &size, &offset);
	if (n == ARCHIVE_EOF)
		return 0;
	if (n == ARCHIVE_OK)
		return (la_ssize_t)size;
	archive_copy_error(tar, reader->ar);
	return -1;
}

static int open_tar(struct deb_reader *reader, const char *name, enum deb_member member,
		    struct err *err)
{
	const char *stem = member == DEB_CONTROL ? "control.tar" : "data.tar";
	const char *suffix = name + strlen(stem);
	size_t i;

	if (!starts_with(name, stem))
		return err_set(err, ERR_BUILD, "member '%s' where %s belongs (deb(5))", name, stem);
	for (i = 0; i < ARRAY_SIZE(compression); i++)
		if (streq(suffix, compression[i].suffix))
			break;
	if (i == ARRAY_SIZE(compression))
		return err_set(err, ERR_BUILD, "member '%s' has an unknown compression", name);
	/* Only this one filter: libarchive's own guess would also run programs (lzop, grzip). */
	reader->tar = archive_read_new();
	if (compression[i].enable && compression[i].enable(reader->tar) != ARCHIVE_OK)
		return deb_archive_error(reader->tar, err, name);
	archive_read_support_format_tar(reader->tar);
	if (archive_read_open(reader->tar, reader, NULL, read_member, NULL) != ARCHIVE_OK)
		return deb_archive_error(reader->tar, err, name);
	return 1;
}

static int check_version(struct deb_reader *reader, struct err *err)
{
	char version[16] = { 0 };
	la_ssize_t n = archive_read_data(reader->ar, version, sizeof(version) - 1);

	if (n < 0)
		return deb_archive_error(reader->ar, err, "debian-binary");
	if (!starts_with(version, "2."))
		return err_set(err, ERR_BUILD, "debian-binary says a version other than 2.x");
	return 0;
}

static int next_member(struct deb_reader *reader, const char **ret_name, struct err *err)
{
	struct archive_entry *entry;
	int n = archive_read_next_header(reader->ar, &entry);

	if (n == ARCHIVE_EOF)
		return err_set(err, ERR_BUILD, "not a complete .deb: only %d of 3 members",
			       reader->seen);
	if (n != ARCHIVE_OK)
		return deb_archive_error(reader->ar, err, "not a .deb");
	*ret_name = archive_entry_pathname(entry);
	if (!*ret_name)
		return err_set(err, ERR_BUILD, "a member without a name");
	reader->seen++;
	return 0;
}

int deb_reader_next(struct deb_reader *reader, enum deb_member *ret, struct err *err)
{
	enum deb_member member;
	const char *name;
	int r;

	if (reader->tar) {
		archive_read_free(reader->tar);
		reader->tar = NULL;
	}
	if (reader->seen == 3)
		return 0;
	r = next_member(reader, &name, err);
	if (r < 0)
		return r;
	if (reader->seen == 1) {
		if (!streq(name, "debian-binary"))
			return err_set(err, ERR_BUILD, "starts with '%s', not debian-binary", name);
		r = check_version(reader, err);
		if (r < 0)
			return r;
		r = next_member(reader, &name, err);
		if (r < 0)
			return r;
	}
	member = reader->seen == 2 ? DEB_CONTROL : DEB_DATA;
	r = open_tar(reader, name, member, err);
	if (r > 0)
		*ret = member;
	return r;
}

int deb_reader_open_data(struct deb_reader *reader, int fd, struct err *err)
{
	enum deb_member member;
	int r = deb_reader_open(reader, fd, err);

	if (r < 0)
		return r;
	do
		r = deb_reader_next(reader, &member, err);
	while (r > 0 && member != DEB_DATA);
	return r;
}

void deb_reader_release(struct deb_reader *reader)
{
	if (reader->tar)
		archive_read_free(reader->tar);
	if (reader->ar)
		archive_read_free(reader->ar);
	reader->tar = NULL;
	reader->ar = NULL;
}
