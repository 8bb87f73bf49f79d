/* SPDX-License-Identifier: MIT */
#include "rootfs/overlay.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/beneath.h"
#include "base/io.h"
#include "base/libarchive.h"
#include "base/memory.h"
#include "recipe/input.h"
#include "rootfs/overlay-entry.h"

static int archive_error(struct archive *a, const char *dir, struct err *err)
{
	const int errnum = archive_errno(a);

	if (errnum > 0)
		return err_errno(err, ERR_BUILD, errnum, "cannot write overlay '%s'", dir);
	return err_set(err, ERR_BUILD, "cannot write overlay '%s': %s", dir,
		       archive_error_string(a) ? archive_error_string(a) : "unknown reason");
}

static int open_content(int dirfd, const struct overlay_entry *e, int *ret_fd, uint64_t *ret_size,
			struct err *err)
{
	cleanup_fd int fd = open_beneath(dirfd, e->path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	struct stat st;

	if (fd < 0)
		return err_errno(err, ERR_USAGE, -fd, "cannot read '%s'", e->path);
	if (fstat(fd, &st) < 0)
		return err_errno(err, ERR_USAGE, errno, "cannot read '%s'", e->path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, ERR_USAGE, "'%s' is no longer a regular file", e->path);
	*ret_size = (uint64_t)st.st_size;
	*ret_fd = take_fd(&fd);
	return 0;
}

static int write_content(struct archive *a, const char *dir, int fd, uint64_t size, struct err *err)
{
	cleanup_free char *buffer = xmalloc(65536);
	uint64_t left = size;

	while (left) {
		const ssize_t n = read_all(fd, buffer, left < 65536 ? (size_t)left : 65536);

		if (n < 0)
			return err_errno(err, ERR_USAGE, (int)-n,
					 "cannot read a file of overlay '%s'", dir);
		if (n == 0)
			return err_set(err, ERR_USAGE, "a file of overlay '%s' became shorter",
				       dir);
		if (archive_write_data(a, buffer, (size_t)n) != n)
			return archive_error(a, dir, err);
		left -= (uint64_t)n;
	}
	return 0;
}

static void describe(struct archive_entry *to, const struct overlay_entry *e, int64_t epoch,
		     uint64_t size)
{
	archive_entry_copy_pathname(to, e->path);
	archive_entry_set_filetype(to, e->type);
	archive_entry_set_perm(to, e->mode);
	archive_entry_set_uid(to, e->uid);
	archive_entry_set_gid(to, e->gid);
	archive_entry_set_mtime(to, epoch, 0);
	archive_entry_set_size(to, (int64_t)size);
	if (e->target)
		archive_entry_copy_symlink(to, e->target);
	if (e->has_capability)
		archive_entry_xattr_add_entry(to, "security.capability", e->capability,
					      sizeof(e->capability));
}

static int write_entry(struct archive *a, const char *dir, int dirfd, const struct overlay_entry *e,
		       int64_t epoch, struct err *err)
{
	CLEANUP(archive_entry_cleanup) struct archive_entry *entry = archive_entry_new();
	cleanup_fd int fd = -1;
	uint64_t size = e->content ? e->size : 0;

	if (!entry)
		abort();
	if (e->type == S_IFREG && !e->content) {
		int r = open_content(dirfd, e, &fd, &size, err);

		if (r < 0)
			return err_wrap(err, "overlay '%s'", dir);
	}
	describe(entry, e, epoch, size);
	if (archive_write_header(a, entry) != ARCHIVE_OK)
		return archive_error(a, dir, err);
	if (e->content && e->size &&
	    archive_write_data(a, e->content, e->size) != (la_ssize_t)e->size)
		return archive_error(a, dir, err);
	return fd >= 0 ? write_content(a, dir, fd, size, err) : 0;
}

/* Names are bytes here; without BINARY libarchive would convert them from the locale. */
static int open_archive(struct archive *a, const char *dir, int out_fd, struct err *err)
{
	if (archive_write_set_format_pax(a) != ARCHIVE_OK ||
	    archive_write_set_options(a, "hdrcharset=BINARY,xattrheader=SCHILY") != ARCHIVE_OK ||
	    archive_write_add_filter_none(a) != ARCHIVE_OK ||
	    archive_write_set_bytes_in_last_block(a, 1) != ARCHIVE_OK ||
	    archive_write_open_fd(a, out_fd) != ARCHIVE_OK)
		return archive_error(a, dir, err);
	return 0;
}

int overlay_write_entries(const struct overlay_entries *entries, const char *dir, int dirfd,
			  int64_t epoch, int out_fd, struct err *err)
{
	CLEANUP(archive_write_cleanup) struct archive *a = archive_write_new();
	int r;

	if (!a)
		abort();
	r = open_archive(a, dir, out_fd, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < entries->count; i++) {
		r = write_entry(a, dir, dirfd, &entries->item[i], epoch, err);
		if (r < 0)
			return r;
	}
	return archive_write_close(a) == ARCHIVE_OK ? 0 : archive_error(a, dir, err);
}

int overlay_write_tar(const struct recipe *recipe, const struct recipe_name *overlay,
		      const struct overlay_context *context, int out_fd, struct err *err)
{
	CLEANUP(overlay_entries_release) struct overlay_entries entries = { 0 };
	cleanup_fd int dirfd = -1;
	const char *dir = overlay->value;
	int r = input_open_overlay(recipe->reach, &overlay->at, dir, &dirfd, err);

	if (r < 0)
		return r;
	r = overlay_collect(recipe, dir, dirfd, context, &entries, NULL, err);
	if (r < 0)
		return r;
	return overlay_write_entries(&entries, dir, dirfd, context->epoch, out_fd, err);
}

int overlays_check(struct recipe *recipe, struct err *err)
{
	for (size_t i = 0; i < recipe->overlays.count; i++) {
		CLEANUP(overlay_entries_release) struct overlay_entries entries = { 0 };
		const struct recipe_name *overlay = &recipe->overlays.item[i];
		const char *dir = overlay->value;
		cleanup_fd int dirfd = -1;
		int r = input_open_overlay(recipe->reach, &overlay->at, dir, &dirfd, err);

		if (r < 0)
			return r;
		r = overlay_collect(recipe, dir, dirfd, NULL, &entries, &recipe->template_keys,
				    err);
		if (r < 0)
			return r;
	}
	return 0;
}
