/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "deb/deb-reader.h"
#include "deb/deb.h"

#define FACT "kernels" /* deb.h */
#define NONE "-"
#define KERNEL_FILE "boot/vmlinuz-"

static const char *plain_path(const char *path)
{
	while (starts_with(path, "./") || *path == '/')
		path += *path == '/' ? 1 : 2;
	return path;
}

static int list_tar(struct archive *tar, struct strv *ret, struct err *err)
{
	struct archive_entry *entry;
	int n;

	while ((n = archive_read_next_header(tar, &entry)) == ARCHIVE_OK)
		if (!S_ISDIR(archive_entry_filetype(entry)))
			strv_add(ret, plain_path(archive_entry_pathname(entry)));
	return n == ARCHIVE_EOF ? 0 : deb_archive_error(tar, err, "damaged");
}

static int list(struct store *s, const struct package *p, struct strv *ret, struct err *err)
{
	CLEANUP(deb_reader_release) struct deb_reader reader = { 0 };
	enum deb_member member;
	cleanup_fd int fd = -1;
	uint64_t size;
	int r = deb_open_plain(s, p, &fd, &size, err);

	if (r < 0)
		return r;
	r = deb_reader_open(&reader, fd, err);
	if (r < 0)
		return r;
	do
		r = deb_reader_next(&reader, &member, err);
	while (r > 0 && member != DEB_DATA);
	return r > 0 ? list_tar(reader.tar, ret, err) : r;
}

int deb_list(struct store *s, const struct package *p, struct strv *ret, struct err *err)
{
	int r = list(s, p, ret, err);

	return r < 0 ? err_wrap(err, "listing the package '%s'", p->name) : 0;
}

static int find_kernels(struct store *s, const struct package *p, struct strv *ret, struct err *err)
{
	CLEANUP(strv_release) struct strv path = { 0 };
	cleanup_free char *line = NULL;
	int r = deb_list(s, p, &path, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < path.count; i++) {
		const char *release = path.item[i] + strlen(KERNEL_FILE);

		if (starts_with(path.item[i], KERNEL_FILE) && *release && !strpbrk(release, "/ "))
			strv_add(ret, release);
	}
	line = strv_join(ret, " ");
	return store_fact_set(s, FACT, p->sha256, ret->count ? line : NONE, err);
}

int deb_kernels(struct store *s, const struct package *p, struct strv *ret, struct err *err)
{
	CLEANUP(strv_release) struct strv found = { 0 };
	cleanup_free char *line = NULL;
	int r = store_fact_get(s, FACT, p->sha256, &line, err);

	if (r < 0)
		return r;
	if (!line || !*line) {
		r = find_kernels(s, p, &found, err);
		if (r < 0)
			return r;
	} else if (!streq(line, NONE)) {
		strv_split(&found, line, " \n");
	}
	for (size_t i = 0; i < found.count; i++)
		strv_add(ret, found.item[i]);
	return 0;
}
