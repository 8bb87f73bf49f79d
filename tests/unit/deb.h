/* SPDX-License-Identifier: MIT */
/*
 * Small .debs in memory, good and bad ones.
 *
 *	deb_tar(entries, ARCHIVE_FILTER_XZ, &tar);              a member's content
 *	deb_start(&deb, "1600000000");                          magic number and debian-binary
 *	deb_member(&deb, "control.tar.xz", "1600000000", &tar); each further member
 *
 * or all of it by deb_of().
 */
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include "base/memory.h"
#include "base/text.h"

struct deb_entry {
	const char *path; /* NULL ends a list */
	unsigned type;
	const char *content; /* of a file; target of a link */
	bool hard;	     /* content is the target of a hard link */
	size_t size;	     /* if not 0: a file of so many zeroes */
};

__attribute__((unused)) static void deb_tar_entry(struct archive *a, const struct deb_entry *e)
{
	struct archive_entry *entry = archive_entry_new();
	const bool file = e->type == AE_IFREG && !e->hard;
	cleanup_free char *zeroes = e->size ? xcalloc(1, e->size) : NULL;
	const char *data = zeroes ? zeroes : e->content;
	const size_t size = zeroes ? e->size : file && data ? strlen(data) : 0;

	archive_entry_set_pathname(entry, e->path);
	archive_entry_set_filetype(entry, e->type);
	archive_entry_set_perm(entry, 0755);
	archive_entry_set_size(entry, (la_int64_t)size);
	if (e->hard)
		archive_entry_set_hardlink(entry, e->content);
	else if (e->type == AE_IFLNK)
		archive_entry_set_symlink(entry, e->content);
	assert_int_equal(archive_write_header(a, entry), ARCHIVE_OK);
	if (size > 0)
		assert_int_equal(archive_write_data(a, data, size), size);
	archive_entry_free(entry);
}

__attribute__((unused)) static void deb_tar(const struct deb_entry *e, int filter, struct text *ret)
{
	static char buffer[4 << 20];
	struct archive *a = archive_write_new();
	size_t used = 0;

	archive_write_set_format_gnutar(a);
	assert_int_equal(archive_write_add_filter(a, filter), ARCHIVE_OK);
	if (filter == ARCHIVE_FILTER_GZIP) /* the same bytes in every second */
		assert_int_equal(archive_write_set_filter_option(a, "gzip", "timestamp", NULL),
				 ARCHIVE_OK);
	assert_int_equal(archive_write_open_memory(a, buffer, sizeof(buffer), &used), ARCHIVE_OK);
	for (; e->path; e++)
		deb_tar_entry(a, e);
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	text_append(ret, buffer, used);
}

__attribute__((unused)) static void deb_member(struct text *deb, const char *name, const char *time,
					       const struct text *content)
{
	text_printf(deb, "%-16s%-12s%-6d%-6d%-8s%-10zu`\n", name, time, 0, 0, "100644",
		    content->length);
	text_append(deb, content->data, content->length);
	if (content->length % 2)
		text_add(deb, "\n");
}

__attribute__((unused)) static void deb_start(struct text *deb, const char *time)
{
	CLEANUP(text_release) struct text version = { 0 };

	text_add(&version, "2.0\n");
	text_add(deb, "!<arch>\n");
	deb_member(deb, "debian-binary", time, &version);
}

/* A package without files. */
__attribute__((unused)) static void deb_of(const char *time, const char *control, struct text *ret)
{
	const struct deb_entry entries[] = {
		{ "./", AE_IFDIR, NULL, false, 0 },
		{ "./control", AE_IFREG, control, false, 0 },
		{ 0 },
	};
	const struct deb_entry none[] = { { "./", AE_IFDIR, NULL, false, 0 }, { 0 } };
	CLEANUP(text_release) struct text control_tar = { 0 };
	CLEANUP(text_release) struct text data_tar = { 0 };

	deb_tar(entries, ARCHIVE_FILTER_GZIP, &control_tar);
	deb_tar(none, ARCHIVE_FILTER_XZ, &data_tar);
	deb_start(ret, time);
	deb_member(ret, "control.tar.gz", time, &control_tar);
	deb_member(ret, "data.tar.xz", time, &data_tar);
}

/* A file of any bytes in the scratch directory. */
__attribute__((unused)) static void scratch_bytes(const char *path, const struct text *content)
{
	int fd = openat(scratch_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content->data, content->length), content->length);
	assert_int_equal(close(fd), 0);
}
