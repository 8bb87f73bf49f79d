/* SPDX-License-Identifier: MIT */
#include "deb/deb-reader.h"

#include <errno.h>
#include <string.h>

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

	/* Damaged input has EILSEQ or a negative number here, whose text says less than
	 * libarchive's. */
	if (errnum > 0 && errnum != EILSEQ && errnum != EINVAL)
		return err_errno(err, ERR_BUILD, errnum, "%s", what);
	return err_set(err, ERR_BUILD, "%s: %s", what, why ? why : "damaged archive");
}

int deb_reader_open(struct deb_reader *r, int fd, struct err *err)
{
	r->ar = archive_read_new();
	archive_read_support_format_ar(r->ar);
	if (archive_read_open_fd(r->ar, fd, READ_BLOCK) != ARCHIVE_OK)
		return deb_archive_error(r->ar, err, "not a .deb");
	return 0;
}

/* A read callback: hands the ar member's bytes to the tar reader as they come. */
static la_ssize_t read_member(struct archive *tar, void *data, const void **ret)
{
	struct deb_reader *r = data;
	la_int64_t offset;
	size_t size;
	int n;

	n = archive_read_data_block(r->ar, ret, &size, &offset);
	if (n == ARCHIVE_EOF)
		return 0;
	if (n == ARCHIVE_OK)
		return (la_ssize_t)size;
	archive_copy_error(tar, r->ar);
	return -1;
}

static int open_tar(struct deb_reader *r, const char *name, enum deb_member member, struct err *err)
{
	const char *stem = member == DEB_CONTROL ? "control.tar" : "data.tar";
	const char *suffix = name + strlen(stem);
	size_t i;

	if (!starts_with(name, stem))
		return err_set(err, ERR_BUILD, "member '%s' where %s belongs (deb(5))", name, stem);
	for (i = 0; i < sizeof(compression) / sizeof(*compression); i++)
		if (streq(suffix, compression[i].suffix))
			break;
	if (i == sizeof(compression) / sizeof(*compression))
		return err_set(err, ERR_BUILD, "member '%s' has an unknown compression", name);
	/* Only this one filter: libarchive's own guess would also run programs (lzop, grzip). */
	r->tar = archive_read_new();
	if (compression[i].enable && compression[i].enable(r->tar) != ARCHIVE_OK)
		return deb_archive_error(r->tar, err, name);
	archive_read_support_format_tar(r->tar);
	if (archive_read_open(r->tar, r, NULL, read_member, NULL) != ARCHIVE_OK)
		return deb_archive_error(r->tar, err, name);
	return 1;
}

static int check_version(struct deb_reader *r, struct err *err)
{
	char version[16] = { 0 };
	la_ssize_t n = archive_read_data(r->ar, version, sizeof(version) - 1);

	if (n < 0)
		return deb_archive_error(r->ar, err, "debian-binary");
	if (!starts_with(version, "2."))
		return err_set(err, ERR_BUILD, "debian-binary says a version other than 2.x");
	return 0;
}

static int next_member(struct deb_reader *r, const char **ret_name, struct err *err)
{
	struct archive_entry *entry;
	int n = archive_read_next_header(r->ar, &entry);

	if (n == ARCHIVE_EOF)
		return err_set(err, ERR_BUILD, "not a complete .deb: only %d of 3 members",
			       r->seen);
	if (n != ARCHIVE_OK)
		return deb_archive_error(r->ar, err, "not a .deb");
	*ret_name = archive_entry_pathname(entry);
	if (!*ret_name)
		return err_set(err, ERR_BUILD, "a member without a name");
	r->seen++;
	return 0;
}

int deb_reader_next(struct deb_reader *r, enum deb_member *ret, struct err *err)
{
	enum deb_member member;
	const char *name;
	int n;

	if (r->tar) {
		archive_read_free(r->tar);
		r->tar = NULL;
	}
	if (r->seen == 3)
		return 0;
	n = next_member(r, &name, err);
	if (n < 0)
		return n;
	if (r->seen == 1) {
		if (!streq(name, "debian-binary"))
			return err_set(err, ERR_BUILD, "starts with '%s', not debian-binary", name);
		n = check_version(r, err);
		if (n < 0)
			return n;
		n = next_member(r, &name, err);
		if (n < 0)
			return n;
	}
	member = r->seen == 2 ? DEB_CONTROL : DEB_DATA;
	n = open_tar(r, name, member, err);
	if (n > 0)
		*ret = member;
	return n;
}

void deb_reader_release(struct deb_reader *r)
{
	if (r->tar)
		archive_read_free(r->tar);
	if (r->ar)
		archive_read_free(r->ar);
	r->tar = NULL;
	r->ar = NULL;
}
