/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "deb/deb-reader.h"
#include "deb/deb.h"

#define LINKS_MAX 16

/* `target` as seen from the directory of `from`, or from the root: without ".", ".." and "//". */
static char *resolve(const char *from, const char *target)
{
	CLEANUP(strv_release) struct strv given = { 0 };
	CLEANUP(strv_release) struct strv part = { 0 };
	cleanup_free char *whole = NULL;
	const char *slash = strrchr(from, '/');

	whole = *target == '/' || !slash ? xstrdup(target)
					 : xasprintf("%.*s/%s", (int)(slash - from), from, target);
	strv_split(&given, whole, "/");
	for (size_t i = 0; i < given.count; i++) {
		if (streq(given.item[i], "."))
			continue;
		if (!streq(given.item[i], "..")) {
			strv_add(&part, given.item[i]);
		} else if (part.count > 0) {
			free(part.item[--part.count]);
			part.item[part.count] = NULL;
		}
	}
	return strv_join(&part, "/");
}

static int read_content(struct archive *tar, size_t limit, struct text *ret, struct err *err)
{
	CLEANUP(text_release) struct text content = { 0 };
	const void *block;
	la_int64_t offset;
	size_t size;
	int n;

	while ((n = archive_read_data_block(tar, &block, &size, &offset)) == ARCHIVE_OK) {
		if (size > limit - content.length)
			return err_set(err, ERR_BUILD, "more than %zu bytes", limit);
		text_append(&content, block, size);
	}
	if (n != ARCHIVE_EOF)
		return deb_archive_error(tar, err, "damaged");
	text_append(&content, "", 0);
	*ret = TAKE(content);
	return 1;
}

/* 1: it is a file, whose content is now in ret unless that is NULL; 0: it is absent, or a link
 * whose target is now in *ret_link. */
static int look(struct archive *tar, const char *path, size_t limit, struct text *ret,
		char **ret_link, struct err *err)
{
	struct archive_entry *entry;
	int n;

	while ((n = archive_read_next_header(tar, &entry)) == ARCHIVE_OK) {
		cleanup_free char *name = resolve("", archive_entry_pathname(entry));

		if (!streq(name, path))
			continue;
		if (archive_entry_hardlink(entry))
			*ret_link = resolve("", archive_entry_hardlink(entry));
		else if (S_ISLNK(archive_entry_filetype(entry)))
			*ret_link = resolve(path, archive_entry_symlink(entry));
		else if (S_ISREG(archive_entry_filetype(entry)))
			return ret ? read_content(tar, limit, ret, err) : 1;
		return 0;
	}
	return n == ARCHIVE_EOF ? 0 : deb_archive_error(tar, err, "damaged");
}

/* look() in the package's data.tar. */
static int look_in(struct store *s, const struct package *p, const char *path, size_t limit,
		   struct text *ret, char **ret_link, struct err *err)
{
	CLEANUP(deb_reader_release) struct deb_reader reader = { 0 };
	cleanup_fd int fd = -1;
	uint64_t size;
	int r = deb_open_plain(s, p, &fd, &size, err);

	if (r < 0)
		return r;
	r = deb_reader_open_data(&reader, fd, err);
	if (r > 0)
		r = look(reader.tar, path, limit, ret, ret_link, err);
	return r < 0 ? err_wrap(err, "package '%s': '%s'", p->name, path) : r;
}

int deb_read_member(struct store *s, const struct package *p, const char *path, size_t limit,
		    struct text *ret, struct err *err)
{
	cleanup_free char *at = resolve("", path);

	for (int hop = 0; hop < LINKS_MAX; hop++) {
		cleanup_free char *link = NULL;
		int r = look_in(s, p, at, limit, ret, &link, err);

		if (r != 0)
			return r < 0 ? r : 0;
		if (!link)
			return err_set(err, ERR_BUILD, "package '%s' %s has no file '%s'", p->name,
				       p->version, at);
		free(at);
		at = take_ptr(link);
	}
	return err_set(err, ERR_BUILD, "package '%s': '%s' is a link that leads back to itself",
		       p->name, path);
}

int deb_has_link(struct store *s, const struct package *p, const char *path, bool *ret,
		 struct err *err)
{
	cleanup_free char *link = NULL;
	int r = look_in(s, p, path, 0, NULL, &link, err);

	if (r < 0)
		return r;
	*ret = link != NULL;
	return 0;
}
