/* SPDX-License-Identifier: MIT */
#include "deb/control.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/io.h"
#include "deb/deb-check.h"
#include "deb/deb-reader.h"
#include "deb/deb822.h"

static int read_content(struct archive *tar, struct text *ret, struct err *err)
{
	const void *block;
	la_int64_t offset;
	size_t size;
	int n;

	while ((n = archive_read_data_block(tar, &block, &size, &offset)) == ARCHIVE_OK)
		text_append(ret, block, size);
	return n == ARCHIVE_EOF ? 0 : deb_archive_error(tar, err, "control.tar: 'control'");
}

/* Looks at every entry, not only at those before `control`: a second one would be another answer to
 * the same question. */
static int read_control_tar(struct archive *tar, struct text *ret, struct err *err)
{
	CLEANUP(deb_check_release) struct deb_check check = { 0 };
	struct archive_entry *entry;
	bool found = false;
	int n, r;

	deb_check_init(&check, DEB_CONTROL, 0);
	while ((n = archive_read_next_header(tar, &entry)) == ARCHIVE_OK) {
		r = deb_check_entry(&check, entry, err);
		if (r < 0)
			return r;
		if (!streq(check.name, "control"))
			continue;
		found = true;
		r = read_content(tar, ret, err);
		if (r < 0)
			return r;
	}
	if (n != ARCHIVE_EOF)
		return deb_archive_error(tar, err, "control.tar");
	if (!found)
		return err_set(err, ERR_BUILD, "control.tar: there is no file 'control'");
	return 0;
}

/* Exactly one stanza, as dpkg has it. */
static int check_stanza(const struct text *control, struct err *err)
{
	CLEANUP(deb822_stanza_release) struct deb822_stanza stanza = { 0 };
	CLEANUP(err_release) struct err why = { 0 };
	struct deb822 reader = {
		.name = "control",
		.data = control->data,
		.size = control->length,
		.class = ERR_BUILD,
	};
	int r = deb822_next(&reader, &stanza, &why);

	if (r == 0)
		return err_set(err, ERR_BUILD, "control.tar: 'control' is empty");
	if (r > 0)
		r = deb822_next(&reader, &stanza, &why);
	if (r > 0)
		return err_set(err, ERR_BUILD, "control.tar: 'control' has more than one stanza");
	if (r < 0)
		return err_set(err, ERR_BUILD, "control.tar: line %u of 'control': %s", why.line,
			       why.message);
	return 0;
}

static int read_members(struct deb_reader *reader, struct text *ret, struct err *err)
{
	enum deb_member member;
	int r = deb_reader_next(reader, &member, err);

	if (r < 0)
		return r;
	r = read_control_tar(reader->tar, ret, err);
	if (r < 0)
		return r;
	/* data.tar has to follow, and nothing else. */
	r = deb_reader_next(reader, &member, err);
	return r < 0 ? r : 0;
}

int control_read(int fd, struct text *ret, struct err *err)
{
	CLEANUP(deb_reader_release) struct deb_reader reader = { 0 };
	CLEANUP(text_release) struct text control = { 0 };
	int r;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(err, ERR_BUILD, errno,
				 "cannot go back to the beginning of the .deb");
	r = deb_reader_open(&reader, fd, err);
	if (r < 0)
		return r;
	text_add(&control, "");
	r = read_members(&reader, &control, err);
	if (r < 0)
		return r;
	r = check_stanza(&control, err);
	if (r < 0)
		return r;
	while (control.length > 0 && control.data[control.length - 1] == '\n')
		control.length--;
	text_append(ret, control.data, control.length);
	return 0;
}

/* Whether the package is to blame, not the disk. */
static bool is_refused(const struct err *why)
{
	return why->errnum == 0;
}

int control_read_as(int fd, const char *name, enum err_class class, struct text *ret,
		    struct err *err)
{
	CLEANUP(err_release) struct err why = { 0 };
	int r = control_read(fd, ret, &why);

	if (r == 0)
		return 0;
	if (is_refused(&why))
		return err_set(err, class, "'%s' is not a Debian package: %s", name, why.message);
	(void)err_move(err, &why);
	return err_wrap(err, "reading '%s'", name);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Opens the file that the recipe was read with: the digest is still the same. */
static int open_unchanged(const struct recipe_file *deb, int *ret_fd, uint64_t *ret_size,
			  struct err *err)
{
	cleanup_fd int fd = -1;
	char digest[DIGEST_HEX];
	struct stat st;
	int r = open_file(AT_FDCWD, deb->path, 0, ERR_USAGE, &fd, err);

	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return err_errno(err, ERR_USAGE, errno, "cannot read '%s'", deb->path);
	r = digest_fd(fd, digest, err);
	if (r < 0)
		return err_wrap(err, "reading '%s'", deb->path);
	if (!streq(digest, deb->digest))
		return err_set(err, ERR_TRUST, "'%s' changed while it was used", deb->path);
	*ret_size = (uint64_t)st.st_size;
	*ret_fd = take_fd(&fd);
	return 0;
}

int control_stanza(const struct recipe_file *deb, struct text *ret, struct err *err)
{
	CLEANUP(err_release) struct err why = { 0 };
	cleanup_fd int fd = -1;
	uint64_t size = 0;
	int r = open_unchanged(deb, &fd, &size, err);

	if (r < 0)
		return r;
	r = control_read_as(fd, deb->given, ERR_USAGE, ret, &why);
	if (r < 0 && is_refused(&why))
		return err_at(err, ERR_USAGE, deb->at.file, deb->at.line, deb->at.column, "%s",
			      why.message);
	if (r < 0)
		return err_move(err, &why);
	text_printf(ret, "\nFilename: %s\nSize: %" PRIu64 "\nSHA256: %s\n\n", base_name(deb->given),
		    size, deb->digest);
	return 0;
}
