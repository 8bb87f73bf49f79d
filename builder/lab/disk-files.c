/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>

#include "base/io.h"
#include "base/libarchive.h"
#include "base/memory.h"
#include "base/tree.h"
#include "lab/disk-files.h"

#define CHUNK ((size_t)1 << 20)

struct files {
	struct archive *tar;
	const char *top; /* the directory's name on the disk */
	uint64_t size;
};

static int cannot_write(struct files *f, struct err *err)
{
	return err_set(err, ERR_BUILD, "cannot write the archive: %s",
		       archive_error_string(f->tar));
}

static int put_content(struct files *f, const struct walk_entry *e, struct err *err)
{
	cleanup_fd int fd = openat(e->dirfd, e->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	cleanup_free char *chunk = xmalloc(CHUNK);
	int64_t left = e->st->st_size;
	ssize_t n;

	if (fd < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot open '%s'", e->path);
	for (; (n = read_all(fd, chunk, CHUNK)) > 0; left -= n)
		if (archive_write_data(f->tar, chunk, (size_t)n) != n)
			break;
	if (n < 0)
		return err_errno(err, ERR_BUILD, (int)-n, "cannot read '%s'", e->path);
	if (left == 0 && n == 0)
		return 0;
	if (n > 0 && left >= n)
		return cannot_write(f, err);
	return err_set(err, ERR_BUILD, "'%s' was changed while it was being read", e->path);
}

static int put_entry(const struct walk_entry *e, void *data, struct err *err)
{
	CLEANUP(archive_entry_cleanup) struct archive_entry *entry = archive_entry_new();
	struct files *f = data;
	cleanup_free char *to = xasprintf("%s/%s", f->top, e->path);
	const bool regular = S_ISREG(e->st->st_mode);
	char target[4096];
	ssize_t n;

	if (!regular && !S_ISDIR(e->st->st_mode) && !S_ISLNK(e->st->st_mode))
		return err_set(err, ERR_USAGE,
			       "'%s' is neither a file nor a directory nor a symbolic link",
			       e->path);
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
	f->size += (uint64_t)archive_entry_size(entry);
	return regular ? put_content(f, e, err) : 0;
}

static int put_directory(struct files *f, int dirfd, const char *path, const char *top,
			 struct err *err)
{
	CLEANUP(archive_entry_cleanup) struct archive_entry *entry = archive_entry_new();
	cleanup_fd int fd = -1;
	int r = open_dir(dirfd, path, &fd, err);

	if (r < 0)
		return r;
	f->top = top;
	archive_entry_set_pathname(entry, top);
	archive_entry_set_mode(entry, S_IFDIR | 0755);
	if (archive_write_header(f->tar, entry) != ARCHIVE_OK)
		return cannot_write(f, err);
	return walk_tree(fd, put_entry, f, err);
}

int disk_files_write(const struct image *i, const char *mirror, int out_fd, uint64_t *ret_size,
		     struct err *err)
{
	CLEANUP(archive_write_cleanup) struct archive *tar = archive_write_new();
	struct files f = { .tar = tar };
	int r;

	if (archive_write_set_format_pax_restricted(tar) != ARCHIVE_OK ||
	    archive_write_open_fd(tar, out_fd) != ARCHIVE_OK)
		return cannot_write(&f, err);
	r = put_directory(&f, i->fd, "tftp", "tftp", err);
	if (r < 0)
		return r;
	r = put_directory(&f, i->fd, "server", "server", err);
	if (r < 0)
		return r;
	if (mirror) {
		r = put_directory(&f, AT_FDCWD, mirror, "mirror", err);
		if (r < 0)
			return r;
	}
	if (archive_write_close(tar) != ARCHIVE_OK)
		return cannot_write(&f, err);
	*ret_size = f.size;
	return 0;
}
