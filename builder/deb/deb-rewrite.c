/* SPDX-License-Identifier: MIT */
#include "deb/deb-rewrite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "base/libarchive.h"
#include "base/text.h"
#include "deb/control.h"
#include "deb/deb-check.h"
#include "deb/deb-reader.h"

#define AR_MAGIC "!<arch>\n"
#define AR_HEADER 60
#define WRITE_BLOCK (256 << 10)

/* A header as ar(5) has it: name, date, uid, gid, mode, size and an end mark. */
static int write_ar_header(int fd, off_t at, const char *name, uint64_t size, struct err *err)
{
	char header[AR_HEADER + 1];
	ssize_t n;

	snprintf(header, sizeof(header), "%-16s%-12d%-6d%-6d%-8s%-10llu`\n", name, 0, 0, 0,
		 "100644", (unsigned long long)size);
	n = pwrite(fd, header, AR_HEADER, at);
	if (n != AR_HEADER)
		return err_errno(err, ERR_BUILD, n < 0 ? errno : EIO,
				 "cannot write the plain .deb");
	return 0;
}

static int copy_data(struct archive *in, struct archive *out, const char *name, struct err *err)
{
	const void *block;
	la_int64_t offset, expected = 0;
	size_t size;
	int n;

	while ((n = archive_read_data_block(in, &block, &size, &offset)) == ARCHIVE_OK) {
		if (offset != expected)
			return err_set(err, ERR_BUILD, "'%s' is a sparse file", name);
		if (archive_write_data(out, block, size) != (la_ssize_t)size)
			return deb_archive_error(out, err, name);
		expected += (la_int64_t)size;
	}
	if (n != ARCHIVE_EOF)
		return deb_archive_error(in, err, name);
	return 0;
}

static int copy_entries(struct archive *in, struct archive *out, struct deb_check *check,
			struct err *err)
{
	struct archive_entry *entry;
	int n, r;

	while ((n = archive_read_next_header(in, &entry)) == ARCHIVE_OK) {
		r = deb_check_entry(check, entry, err);
		if (r < 0)
			return r;
		if (archive_write_header(out, entry) != ARCHIVE_OK)
			return deb_archive_error(out, err, archive_entry_pathname(entry));
		r = copy_data(in, out, archive_entry_pathname(entry), err);
		if (r < 0)
			return r;
	}
	if (n != ARCHIVE_EOF)
		return deb_archive_error(in, err, deb_member_name(check->member));
	return 0;
}

static int write_tar(int fd, struct archive *in, struct deb_check *check, struct err *err)
{
	CLEANUP(archive_write_cleanup) struct archive *out = archive_write_new();
	int r;

	/* The format dpkg-deb itself writes and every dpkg reads. */
	archive_write_set_format_gnutar(out);
	archive_write_set_bytes_per_block(out, WRITE_BLOCK);
	archive_write_set_bytes_in_last_block(out, 1);
	if (archive_write_open_fd(out, fd) != ARCHIVE_OK)
		return deb_archive_error(out, err, "cannot write the plain .deb");
	r = copy_entries(in, out, check, err);
	if (r < 0)
		return r;
	if (archive_write_close(out) != ARCHIVE_OK)
		return deb_archive_error(out, err, "cannot write the plain .deb");
	return 0;
}

static int write_member(int fd, struct archive *in, enum deb_member member, uint64_t installed_size,
			struct err *err)
{
	CLEANUP(deb_check_release) struct deb_check check = { 0 };
	off_t header = lseek(fd, 0, SEEK_END);
	off_t start = lseek(fd, AR_HEADER, SEEK_END), end;
	int r;

	if (header < 0 || start < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot write the plain .deb");
	deb_check_init(&check, member, installed_size);
	r = write_tar(fd, in, &check, err);
	if (r < 0)
		return r;
	end = lseek(fd, 0, SEEK_END);
	/* A tar archive has blocks of 512 bytes, so ar's padding of odd sizes never applies. */
	return write_ar_header(fd, header, member == DEB_CONTROL ? "control.tar" : "data.tar",
			       (uint64_t)(end - start), err);
}

/* The magic number and the first member. */
static int write_head(int fd, struct err *err)
{
	int r = write_all(fd, AR_MAGIC, strlen(AR_MAGIC));

	if (r < 0)
		return err_errno(err, ERR_BUILD, -r, "cannot write the plain .deb");
	r = write_ar_header(fd, (off_t)strlen(AR_MAGIC), "debian-binary", 4, err);
	if (r < 0)
		return r;
	if (lseek(fd, 0, SEEK_END) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot write the plain .deb");
	r = write_all(fd, "2.0\n", 4);
	return r < 0 ? err_errno(err, ERR_BUILD, -r, "cannot write the plain .deb") : 0;
}

int deb_rewrite(int in_fd, int out_fd, uint64_t installed_size, struct text *ret_control,
		struct err *err)
{
	CLEANUP(deb_reader_release) struct deb_reader reader = { 0 };
	enum deb_member member;
	int r, n;

	r = control_read(in_fd, ret_control, err);
	if (r < 0)
		return r;
	if (lseek(in_fd, 0, SEEK_SET) < 0)
		return err_errno(err, ERR_BUILD, errno,
				 "cannot go back to the beginning of the .deb");
	r = write_head(out_fd, err);
	if (r < 0)
		return r;
	r = deb_reader_open(&reader, in_fd, err);
	if (r < 0)
		return r;
	while ((n = deb_reader_next(&reader, &member, err)) > 0) {
		r = write_member(out_fd, reader.tar, member, installed_size, err);
		if (r < 0)
			return r;
	}
	return n;
}
