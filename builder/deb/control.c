/* SPDX-License-Identifier: MIT */
#include "deb/control.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/libarchive.h"

static int not_a_deb(const struct recipe_file *deb, struct err *err, const char *why)
{
	return err_at(err, ERR_USAGE, deb->at.file, deb->at.line, deb->at.column,
		      "'%s' is not a Debian package: %s", deb->given, why);
}

/* The rest of the member that the archive stands at. */
static int read_member(struct archive *a, size_t limit, struct text *ret)
{
	char buffer[16384];
	la_ssize_t n;

	while ((n = archive_read_data(a, buffer, sizeof(buffer))) > 0) {
		if (ret->length + (size_t)n > limit)
			return -EFBIG;
		text_append(ret, buffer, (size_t)n);
	}
	return n < 0 ? -EIO : 0;
}

/* The first member whose name, without "./", begins with `name`, up to its end or a dot. */
static int find_member(struct archive *a, const char *name, size_t limit, struct text *ret)
{
	struct archive_entry *entry;
	size_t length = strlen(name);

	while (archive_read_next_header(a, &entry) == ARCHIVE_OK) {
		const char *path = archive_entry_pathname(entry);

		if (path && starts_with(path, "./"))
			path += 2;
		if (path && starts_with(path, name) && (!path[length] || path[length] == '.'))
			return read_member(a, limit, ret);
	}
	return -ENOENT;
}

/* NULL, or why there is none. */
static const char *find_control(int fd, struct text *ret)
{
	CLEANUP(archive_read_cleanup) struct archive *outer = archive_read_new();
	CLEANUP(archive_read_cleanup) struct archive *inner = archive_read_new();
	CLEANUP(text_release) struct text member = { 0 };

	archive_read_support_format_ar(outer);
	if (archive_read_open_fd(outer, fd, 65536) != ARCHIVE_OK)
		return "it is no ar archive";
	if (find_member(outer, "control.tar", CONTROL_MEMBER_MAX, &member) < 0)
		return "no control.tar member that can be read";
	archive_read_support_format_tar(inner);
	archive_read_support_filter_gzip(inner);
	archive_read_support_filter_xz(inner);
	archive_read_support_filter_zstd(inner);
	if (archive_read_open_memory(inner, member.data, member.length) != ARCHIVE_OK ||
	    find_member(inner, "control", CONTROL_MAX, ret) < 0)
		return "no control file that can be read";
	while (ret->length > 0 && ret->data[ret->length - 1] == '\n')
		ret->data[--ret->length] = '\0';
	return NULL;
}

int control_read(int fd, struct text *ret)
{
	return find_control(fd, ret) ? -EINVAL : 0;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int control_stanza(const struct recipe_file *deb, struct text *ret, struct err *err)
{
	cleanup_fd int fd = open(deb->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	char digest[DIGEST_HEX];
	const char *why;
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, ERR_USAGE, errno, "cannot open '%s'", deb->path);
	r = digest_fd(fd, digest, err);
	if (r < 0)
		return err_wrap(err, "reading '%s'", deb->path);
	if (!streq(digest, deb->digest))
		return err_set(err, ERR_TRUST, "'%s' changed while it was used", deb->path);
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(err, ERR_USAGE, errno, "cannot read '%s'", deb->path);
	why = find_control(fd, ret);
	if (why)
		return not_a_deb(deb, err, why);
	text_printf(ret, "\nFilename: %s\nSize: %lld\nSHA256: %s\n\n", base_name(deb->given),
		    (long long)st.st_size, deb->digest);
	return 0;
}
