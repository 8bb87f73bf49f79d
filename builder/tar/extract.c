/* SPDX-License-Identifier: MIT */
#include "tar/extract.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include "base/io.h"
#include "base/libarchive.h"
#include "base/memory.h"
#include "base/text.h"
#include "tar/acl.h"
#include "deb/deb-reader.h"
#include "tar/extract-place.h"

#define READ_SIZE ((size_t)1 << 20)

struct extract {
	struct archive *archive; /* borrowed */
	const char *what;
	bool directories_only;
	bool exact;	/* extract_exact() */
	uint64_t space; /* apparent bytes that may still come */
	/* exact: owned; what directories get at the end, when nothing is put into them any more */
	struct archive_entry **directory;
	size_t directory_count;
	size_t directory_allocated;
	struct place place;
};

static void extract_release(struct extract *x)
{
	place_forget(&x->place);
	for (size_t i = 0; i < x->directory_count; i++)
		archive_entry_free(x->directory[i]);
	free(x->directory);
}

static int refuse(const struct extract *x, struct archive_entry *e, const char *why,
		  struct err *err)
{
	const char *name = archive_entry_pathname(e);

	err_set(err, ERR_BUILD, "'%s' holds '%s', %s: refused", x->what, name ? name : "(no name)",
		why);
	return err_hint(err, "nothing that a Debian package or an overlay needs looks like this; "
			     "find out where the archive comes from");
}

static int failed(const struct extract *x, const char *name, int errnum, struct err *err)
{
	if (errnum == EXDEV) {
		err_set(err, ERR_BUILD, "'%s' holds '%s', which leads out of the tree", x->what,
			name);
		return err_hint(err, "/dev, /proc and links into them belong to the sandbox");
	}
	err_errno(err, ERR_BUILD, errnum, "cannot unpack '%s' of '%s'", name, x->what);
	if (errnum == ENOTSUP)
		err_hint(err, "its extended attributes need Linux 6.6 in memory, or a file system "
			      "that has them");
	return -errnum;
}

static bool is_kept_xattr(const char *name)
{
	return starts_with(name, "user.") || streq(name, "security.capability");
}

static int put_xattrs(struct archive_entry *e, int fd)
{
	CLEANUP(text_release) struct text access = { 0 };
	CLEANUP(text_release) struct text inherited = { 0 };
	const char *name;
	const void *value;
	size_t size;

	(void)archive_entry_xattr_reset(e);
	while (archive_entry_xattr_next(e, &name, &value, &size) == ARCHIVE_OK)
		if (is_kept_xattr(name) && fsetxattr(fd, name, value, size, 0) < 0)
			return -errno;
	if (acl_from_entry(e, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, &access) < 0 ||
	    acl_from_entry(e, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, &inherited) < 0)
		return -EINVAL;
	if (access.length > 0 && fsetxattr(fd, ACL_XATTR_ACCESS, access.data, access.length, 0) < 0)
		return -errno;
	if (inherited.length > 0 &&
	    fsetxattr(fd, ACL_XATTR_DEFAULT, inherited.data, inherited.length, 0) < 0)
		return -errno;
	return 0;
}

/* The owner first, then the mode, then capabilities: chown(2) clears the other two. */
static int put_metadata(struct archive_entry *e, int fd)
{
	if (fchown(fd, (uid_t)archive_entry_uid(e), (gid_t)archive_entry_gid(e)) < 0 ||
	    fchmod(fd, archive_entry_perm(e) & 07777) < 0)
		return -errno;
	return put_xattrs(e, fd);
}

static int put_time(struct archive_entry *e, int dirfd, const char *name)
{
	struct timespec t[2] = {
		{ .tv_nsec = UTIME_OMIT },
		{ .tv_sec = archive_entry_mtime(e), .tv_nsec = archive_entry_mtime_nsec(e) },
	};

	return utimensat(dirfd, name, t, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int keep_directory(struct extract *x, struct archive_entry *e)
{
	struct archive_entry *copy = archive_entry_clone(e);

	if (!copy)
		return -ENOMEM;
	GROW(x->directory, x->directory_count, x->directory_allocated);
	x->directory[x->directory_count++] = copy;
	return 0;
}

static int put_directory(struct extract *x, struct archive_entry *e, const char *path)
{
	const char *name = place_name(path);
	struct stat st;

	if (x->exact && keep_directory(x, e) < 0)
		return -ENOMEM;
	if (streq(path, "."))
		return 0;
	if (mkdirat(x->place.parent, name, 0700) == 0) {
		if (x->exact)
			return 0;
		cleanup_fd int fd = openat(x->place.parent, name,
					   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		return fd < 0 ? -errno : put_metadata(e, fd);
	}
	if (errno != EEXIST || fstatat(x->place.parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISDIR(st.st_mode)) {
		cleanup_fd int fd = place_open(&x->place, path);

		return fd < 0 ? fd : 0;
	}
	return 0;
}

static int write_block(int fd, const char *data, size_t size, off_t offset)
{
	while (size > 0) {
		ssize_t n = pwrite(fd, data, size, offset);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			size -= (size_t)n;
			offset += n;
		}
	}
	return 0;
}

static int put_content(struct extract *x, struct archive_entry *e, int fd, struct err *err)
{
	const char *name = archive_entry_pathname(e);
	const void *data;
	size_t size;
	la_int64_t offset;
	int r;

	while ((r = archive_read_data_block(x->archive, &data, &size, &offset)) == ARCHIVE_OK) {
		r = write_block(fd, data, size, offset);
		if (r < 0)
			return failed(x, name, -r, err);
	}
	if (r != ARCHIVE_EOF)
		return err_set(err, ERR_BUILD, "cannot read '%s' of '%s': %s", name, x->what,
			       archive_error_string(x->archive));
	if (ftruncate(fd, archive_entry_size(e)) < 0)
		return failed(x, name, errno, err);
	return 0;
}

static int check_size(struct extract *x, struct archive_entry *e, struct err *err)
{
	uint64_t size = archive_entry_size(e) > 0 ? (uint64_t)archive_entry_size(e) : 0;

	if (size > EXTRACT_FILE_MAX)
		return refuse(x, e, "a file of more than 4 GiB", err);
	if (size > x->space)
		return failed(x, archive_entry_pathname(e), ENOSPC, err);
	x->space -= size;
	return 0;
}

static int put_attributes(struct extract *x, struct archive_entry *e, const char *name, int fd)
{
	int r = put_metadata(e, fd);

	return r < 0 ? r : put_time(e, x->place.parent, name);
}

static int put_file(struct extract *x, struct archive_entry *e, const char *path, struct err *err)
{
	const char *name = place_name(path);
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int r = check_size(x, e, err);

	if (r < 0)
		return r;
	cleanup_fd int fd = openat(x->place.parent, name, flags, 0600);
	if (fd < 0 && errno == EEXIST) {
		if (unlinkat(x->place.parent, name, 0) < 0)
			return failed(x, path, errno, err);
		fd = openat(x->place.parent, name, flags, 0600);
	}
	if (fd < 0)
		return failed(x, path, errno, err);
	r = put_content(x, e, fd, err);
	if (r < 0)
		return r;
	r = put_attributes(x, e, name, fd);
	return r < 0 ? failed(x, path, -r, err) : 0;
}

static int put_symlink(struct extract *x, struct archive_entry *e, const char *path)
{
	const char *name = place_name(path), *target = archive_entry_symlink(e);

	if (!target)
		return -EINVAL;
	if (symlinkat(target, x->place.parent, name) < 0) {
		if (errno != EEXIST || unlinkat(x->place.parent, name, 0) < 0 ||
		    symlinkat(target, x->place.parent, name) < 0)
			return -errno;
	}
	if (fchownat(x->place.parent, name, (uid_t)archive_entry_uid(e),
		     (gid_t)archive_entry_gid(e), AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return put_time(e, x->place.parent, name);
}

static int put_hardlink(struct extract *x, struct archive_entry *e, const char *path,
			struct err *err)
{
	cleanup_free char *target = place_clean(archive_entry_hardlink(e));
	const char *name = place_name(path);
	struct stat st, old;

	if (!target)
		return refuse(x, e, "a hard link that leads out", err);
	cleanup_free char *above = place_directory(target);
	cleanup_fd int from = place_open(&x->place, above);
	if (from < 0)
		return failed(x, path, -from, err);
	if (fstatat(from, place_name(target), &st, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(x, path, errno, err);
	if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		return refuse(x, e, "a hard link to something that is no file", err);
	if (fstatat(x->place.parent, name, &old, AT_SYMLINK_NOFOLLOW) == 0 &&
	    old.st_ino == st.st_ino && old.st_dev == st.st_dev)
		return 0;
	if (linkat(from, place_name(target), x->place.parent, name, 0) < 0) {
		if (errno != EEXIST || unlinkat(x->place.parent, name, 0) < 0 ||
		    linkat(from, place_name(target), x->place.parent, name, 0) < 0)
			return failed(x, path, errno, err);
	}
	return 0;
}

static int put_entry(struct extract *x, struct archive_entry *e, const char *path, struct err *err)
{
	mode_t type = archive_entry_filetype(e);
	bool is_link = archive_entry_hardlink(e) != NULL;
	int r;

	if (!is_link && type != AE_IFREG && type != AE_IFDIR && type != AE_IFLNK)
		return refuse(x, e, "a device node, fifo or socket", err);
	if (x->directories_only && (is_link || type != AE_IFDIR))
		return 0;
	r = place_enter(&x->place, path);
	if (r < 0)
		return failed(x, path, -r, err);
	if (is_link)
		return put_hardlink(x, e, path, err);
	if (type == AE_IFREG)
		return put_file(x, e, path, err);
	if (type == AE_IFDIR) {
		r = put_directory(x, e, path);
	} else {
		r = put_symlink(x, e, path);
		place_forget(&x->place);
	}
	return r < 0 ? failed(x, path, -r, err) : 0;
}

/* For a name that is not UTF-8 libarchive only warns, and hands it out as it is. Any other warning
 * means that something of the entry was lost. */
static bool is_complete(struct archive *a, int r, struct archive_entry *e)
{
	const char *why = archive_error_string(a);

	return r == ARCHIVE_OK ||
	       (r == ARCHIVE_WARN && archive_entry_pathname(e) && why && strstr(why, "convert"));
}

static int put_all(struct extract *x, struct err *err)
{
	struct archive_entry *e;
	int r;

	while ((r = archive_read_next_header(x->archive, &e)) != ARCHIVE_EOF) {
		if (!is_complete(x->archive, r, e))
			return deb_archive_error(x->archive, err, x->what);
		const char *name = archive_entry_pathname(e);
		cleanup_free char *path = name ? place_clean(name) : NULL;
		if (!path)
			return refuse(x, e, "a name that leads out of the tree", err);
		r = put_entry(x, e, path, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int finish_directory(struct extract *x, struct archive_entry *e, struct err *err)
{
	cleanup_free char *path = place_clean(archive_entry_pathname(e));
	cleanup_fd int fd = -1;
	int r = path ? place_enter(&x->place, path) : -EINVAL;

	if (r < 0)
		return failed(x, archive_entry_pathname(e), -r, err);
	fd = streq(path, ".") ? openat(x->place.root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
			      : openat(x->place.parent, place_name(path),
				       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return failed(x, path, errno, err);
	r = put_metadata(e, fd);
	if (r == 0)
		r = put_time(e, fd, ".");
	return r < 0 ? failed(x, path, -r, err) : 0;
}

/* From the last to the first, so that what is done inside one comes before its own time. */
static int finish_directories(struct extract *x, struct err *err)
{
	for (size_t i = x->directory_count; i > 0; i--) {
		int r = finish_directory(x, x->directory[i - 1], err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int extract_init(struct extract *x, int root_fd, const char *what, struct err *err)
{
	struct statvfs fs;

	*x = (struct extract){ .what = what, .place = PLACE_INIT(root_fd) };
	if (fstatvfs(root_fd, &fs) < 0)
		return err_errno(err, ERR_BUILD, errno,
				 "cannot find out how large the tree's file system is");
	x->space = (uint64_t)fs.f_blocks * fs.f_frsize;
	return 0;
}

/* Only these: the guess of libarchive may run programs, which here would be those of the tree. */
int extract_filters(struct archive *a)
{
	if (archive_read_support_filter_gzip(a) != ARCHIVE_OK ||
	    archive_read_support_filter_xz(a) != ARCHIVE_OK ||
	    archive_read_support_filter_zstd(a) != ARCHIVE_OK)
		return -ENOSYS;
	return 0;
}

static int extract(int fd, int root_fd, bool exact, const char *what, struct err *err)
{
	CLEANUP(archive_read_cleanup) struct archive *a = archive_read_new();
	CLEANUP(extract_release) struct extract x = { .place = PLACE_INIT(-1) };
	int r = extract_init(&x, root_fd, what, err);

	if (r < 0)
		return r;
	x.archive = a;
	x.exact = exact;
	if (archive_read_support_format_tar(a) != ARCHIVE_OK || extract_filters(a) < 0)
		return deb_archive_error(a, err, "libarchive lacks tar or a compression");
	if (archive_read_open_fd(a, fd, READ_SIZE) != ARCHIVE_OK)
		return deb_archive_error(a, err, what);
	r = put_all(&x, err);
	return r < 0 ? r : finish_directories(&x, err);
}

int extract_tar(int fd, int root_fd, const char *what, struct err *err)
{
	return extract(fd, root_fd, false, what, err);
}

int extract_exact(int fd, int root_fd, const char *what, struct err *err)
{
	return extract(fd, root_fd, true, what, err);
}

int extract_deb(int fd, int root_fd, bool directories_only, const char *what, struct err *err)
{
	CLEANUP(deb_reader_release) struct deb_reader reader = { 0 };
	CLEANUP(extract_release) struct extract x = { .place = PLACE_INIT(-1) };
	enum deb_member member;
	int r = extract_init(&x, root_fd, what, err);

	if (r < 0)
		return r;
	r = deb_reader_open(&reader, fd, err);
	if (r < 0)
		return r;
	x.directories_only = directories_only;
	while ((r = deb_reader_next(&reader, &member, err)) > 0) {
		if (member != DEB_DATA)
			continue;
		x.archive = reader.tar;
		r = put_all(&x, err);
		if (r < 0)
			return r;
	}
	return r < 0 ? err_wrap(err, "%s", what) : 0;
}
