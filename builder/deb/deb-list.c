/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "deb/deb-reader.h"
#include "deb/deb.h"

#define FACT "kernel-releases" /* deb.h */
#define NONE "-"
#define KERNEL_FILE "boot/vmlinuz-"
#define MODULES "lib/modules/"

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
	cleanup_fd int fd = -1;
	uint64_t size;
	int r = deb_open_plain(s, p, &fd, &size, err);

	if (r < 0)
		return r;
	r = deb_reader_open_data(&reader, fd, err);
	return r > 0 ? list_tar(reader.tar, ret, err) : r;
}

int deb_list(struct store *s, const struct package *p, struct strv *ret, struct err *err)
{
	int r = list(s, p, ret, err);

	return r < 0 ? err_wrap(err, "listing the package '%s'", p->name) : 0;
}

/* Of "boot/vmlinuz-6.12.107+deb13-amd64", or since Linux 7 of
 * "usr/lib/modules/7.3.4+deb13-amd64/vmlinuz", which a script copies to /boot; NULL: neither. */
static char *kernel_release(const char *path)
{
	size_t length;

	if (starts_with(path, KERNEL_FILE)) {
		path += strlen(KERNEL_FILE);
		return *path && !strpbrk(path, "/ ") ? xstrdup(path) : NULL;
	}
	path += starts_with(path, "usr/") ? strlen("usr/") : 0;
	if (!starts_with(path, MODULES))
		return NULL;
	path += strlen(MODULES);
	length = strcspn(path, "/ ");
	return length && streq(path + length, "/vmlinuz") ? xstrndup(path, length) : NULL;
}

static int find_kernels(struct store *s, const struct package *p, struct strv *ret, struct err *err)
{
	CLEANUP(strv_release) struct strv path = { 0 };
	CLEANUP(strv_release) struct strv found = { 0 };
	cleanup_free char *line = NULL;
	int r = deb_list(s, p, &path, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < path.count; i++) {
		cleanup_free char *release = kernel_release(path.item[i]);

		if (release && !strv_has(&found, release))
			strv_add_take(&found, take_ptr(release));
	}
	line = strv_join(&found, " ");
	r = store_fact_set(s, FACT, p->sha256, found.count ? line : NONE, err);
	if (r == 0)
		*ret = TAKE(found);
	return r;
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
