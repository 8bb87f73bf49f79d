/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>

#include "base/interrupt.h"
#include "base/io.h"
#include "base/libarchive.h"
#include "base/memory.h"
#include "base/tree.h"
#include "lab/disk-files.h"

#define CHUNK ((size_t)1 << 20)
/* Of all files that an image gives its server. Loaders, menus and a kernel have 100 MB; of a file
 * with holes it is the full size that counts. */
#define IMAGE_FILES_MAX ((uint64_t)8 << 30)

struct files {
	struct archive *tar;
	const char *top; /* the directory's name on the disk */
	uint64_t size;
	uint64_t most; /* 0: no limit */
};

static int cannot_write(struct files *f, struct err *err)
{
	return err_set(err, ERR_BUILD, "cannot write the archive: %s",
		       archive_error_string(f->tar));
}

static int put_content(struct files *f, const struct walk_entry *e, struct err *err)
{
	cleanup_free char *chunk = xmalloc(CHUNK);
	cleanup_fd int fd = -1;
	int64_t left = e->st->st_size;
	ssize_t n;
	int r = open_file(e->dirfd, e->name, O_NOFOLLOW, ERR_BUILD, &fd, err);

	if (r < 0)
		return r;
	for (; (n = read_all(fd, chunk, CHUNK)) > 0; left -= n) {
		r = interrupt_check(err);
		if (r < 0)
			return r;
		if (archive_write_data(f->tar, chunk, (size_t)n) != n)
			break;
	}
	if (n < 0)
		return err_errno(err, ERR_BUILD, (int)-n, "cannot read '%s'", e->path);
	if (left == 0 && n == 0)
		return 0;
	if (n > 0 && left >= n)
		return cannot_write(f, err);
	return err_set(err, ERR_BUILD, "'%s' was changed while it was being read", e->path);
}

/* Whether it may be put, and has room beside what was put before. */
static int count_entry(struct files *f, const struct walk_entry *e, struct err *err)
{
	const bool regular = S_ISREG(e->st->st_mode);

	if (!regular && !S_ISDIR(e->st->st_mode) && !S_ISLNK(e->st->st_mode))
		return err_set(err, ERR_USAGE,
			       "'%s' is neither a file nor a directory nor a symbolic link",
			       e->path);
	f->size += regular ? (uint64_t)e->st->st_size : 0;
	if (f->most > 0 && f->size > f->most)
		return err_set(err, ERR_USAGE,
			       "the files that the image gives its server have more than %ju bytes",
			       (uintmax_t)f->most);
	return interrupt_check(err);
}

static int put_entry(const struct walk_entry *e, void *data, struct err *err)
{
	CLEANUP(archive_entry_cleanup) struct archive_entry *entry = archive_entry_new();
	struct files *f = data;
	cleanup_free char *to = xasprintf("%s/%s", f->top, e->path);
	const bool regular = S_ISREG(e->st->st_mode);
	char target[4096];
	ssize_t n;
	int r = count_entry(f, e, err);

	if (r < 0)
		return r;
	archive_entry_set_pathname(entry, to);
	archive_entry_set_mode(entry, e->st->st_mode & (S_IFMT | 0777));
	archive_entry_set_size(entry, regular ? e->st->st_size : 0);
	if (S_ISLNK(e->st->st_mode)) {
		n = readlinkat(e->dirfd, e->name, target, sizeof(target) - 1);
		if (n < 0)
			return err_errno(err, ERR_BUILD, errno, "cannot read the link '%s'",
					 e->path);
		target[n] = '\0';
		archive_entry_set_symlink(entry, target);
	}
	if (archive_write_header(f->tar, entry) != ARCHIVE_OK)
		return cannot_write(f, err);
	return regular ? put_content(f, e, err) : 0;
}

static int put_directory(struct files *f, int fd, const char *top, struct err *err)
{
	CLEANUP(archive_entry_cleanup) struct archive_entry *entry = archive_entry_new();

	f->top = top;
	archive_entry_set_pathname(entry, top);
	archive_entry_set_mode(entry, S_IFDIR | 0755);
	if (archive_write_header(f->tar, entry) != ARCHIVE_OK)
		return cannot_write(f, err);
	return walk_tree(fd, put_entry, f, err);
}

/* What is in the image may be somebody else's: not a byte from outside of it. */
static int put_of_image(struct files *f, const struct image *i, const char *name, struct err *err)
{
	cleanup_fd int fd = -1;
	int r = image_open_dir(i, name, &fd, err);

	return r < 0 ? r : put_directory(f, fd, name, err);
}

static int put_mirror(struct files *f, const char *path, struct err *err)
{
	cleanup_fd int fd = -1;
	int r = open_dir(AT_FDCWD, path, &fd, err);

	f->most = 0;
	return r < 0 ? r : put_directory(f, fd, "mirror", err);
}

int disk_files_write(const struct image *i, const char *mirror, int out_fd, uint64_t *ret_size,
		     struct err *err)
{
	CLEANUP(archive_write_cleanup) struct archive *tar = archive_write_new();
	struct files f = { .tar = tar, .most = IMAGE_FILES_MAX };
	int r;

	if (archive_write_set_format_pax_restricted(tar) != ARCHIVE_OK ||
	    archive_write_open_fd(tar, out_fd) != ARCHIVE_OK)
		return cannot_write(&f, err);
	r = put_of_image(&f, i, "tftp", err);
	if (r < 0)
		return r;
	r = put_of_image(&f, i, "server", err);
	if (r < 0)
		return r;
	if (mirror) {
		r = put_mirror(&f, mirror, err);
		if (r < 0)
			return r;
	}
	if (archive_write_close(tar) != ARCHIVE_OK)
		return cannot_write(&f, err);
	*ret_size = f.size;
	return 0;
}
