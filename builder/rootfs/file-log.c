/* SPDX-License-Identifier: MIT */
#include "rootfs/file-log.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/libarchive.h"
#include "base/memory.h"
#include "deb/deb-reader.h"
#include "rootfs/rootfs.h"

#define SNAPSHOT SANDBOX_SCRATCH "/snapshot"
#define SNAPSHOT_MAX ((size_t)1 << 30)
#define VERIFIED SANDBOX_SCRATCH "/verified"
#define VERIFIED_MAX ((size_t)64 << 20)
#define READ_SIZE ((size_t)1 << 16)

/* dpkg(1), --verify-format: nine characters of checks, a blank, the attribute, a blank. */
#define VERIFIED_PREFIX 12

static const char *without_slash(const char *path)
{
	while (*path == '/' || (path[0] == '.' && path[1] == '/'))
		path++;
	return path;
}

void file_log_add(struct file_log *log, const char *path, const char *maker)
{
	GROW(log->item, log->count, log->allocated);
	log->item[log->count] = (struct file_log_entry){ .path = xstrdup(without_slash(path)),
							 .maker = xstrdup(maker),
							 .stage = log->stage,
							 .turn = log->count };
	log->count++;
}

int file_log_add_tar(struct file_log *log, int tar_fd, const char *maker, struct err *err)
{
	CLEANUP(archive_read_cleanup) struct archive *a = archive_read_new();
	struct archive_entry *entry;
	int n;

	(void)archive_read_support_format_tar(a);
	if (lseek(tar_fd, 0, SEEK_SET) < 0 || archive_read_open_fd(a, tar_fd, READ_SIZE) < 0)
		return deb_archive_error(a, err, "cannot read the archive again");
	while ((n = archive_read_next_header(a, &entry)) == ARCHIVE_OK || n == ARCHIVE_WARN)
		if (archive_entry_filetype(entry) != S_IFDIR)
			file_log_add(log, archive_entry_pathname(entry), maker);
	return n == ARCHIVE_EOF ? 0 : deb_archive_error(a, err, "cannot read the archive again");
}

int file_log_snapshot(struct rootfs *rootfs, struct strv *ret, struct err *err)
{
	static const char *const argv[] = { "find", "/", "-xdev", "-path", SANDBOX_SCRATCH,
					    "-prune", "-o", "-type", "d",
					    /* A directory's own time changes with what is in it. */
					    "-printf", "%P\t%m %U %G\\0", "-o", "-printf",
					    "%P\t%i %C@\\0", NULL };
	struct sandbox_command command = { .argv = argv, .output = SNAPSHOT };
	CLEANUP(text_release) struct text list = { 0 };
	int r = sandbox_run(rootfs->sandbox, &command, 1, err);

	if (r < 0)
		return err_wrap(err, "listing the tree");
	r = sandbox_read(rootfs->sandbox, SNAPSHOT, SNAPSHOT_MAX, &list, err);
	if (r < 0)
		return err_wrap(err, "listing the tree");
	for (const char *p = list.data; p < list.data + list.length; p += strlen(p) + 1)
		strv_add(ret, p);
	strv_sort(ret);
	return 0;
}

/* The path of a snapshot's line, which is cut at the last tab, since a name may have tabs too. It
 * is the tree's own find(1) that has written it. */
static char *path_of(const char *line)
{
	const char *tab = strrchr(line, '\t');

	return xstrndup(line, tab ? (size_t)(tab - line) : strlen(line));
}

/* Compares two snapshots, and appends what only one of them has. */
static void differences(const struct strv *before, const struct strv *after, struct strv *ret)
{
	size_t i = 0, k = 0;

	while (i < before->count || k < after->count) {
		int order = i == before->count	? 1
			    : k == after->count ? -1
						: strcmp(before->item[i], after->item[k]);
		const char *line = order < 0 ? before->item[i] : order ? after->item[k] : NULL;

		if (line)
			strv_add_take(ret, path_of(line));
		i += order <= 0;
		k += order >= 0;
	}
}

int file_log_add_since(struct rootfs *rootfs, const struct strv *before, const char *maker,
		       struct err *err)
{
	CLEANUP(strv_release) struct strv after = { 0 };
	CLEANUP(strv_release) struct strv path = { 0 };
	int r = file_log_snapshot(rootfs, &after, err);

	if (r < 0)
		return r;
	differences(before, &after, &path);
	for (size_t i = 0; i < path.count; i++)
		file_log_add(&rootfs->file_log, path.item[i], maker);
	return 0;
}

int file_log_read_verified(struct rootfs *rootfs, struct err *err)
{
	CLEANUP(text_release) struct text said = { 0 };
	CLEANUP(strv_release) struct strv line = { 0 };
	int r = sandbox_read(rootfs->sandbox, VERIFIED, VERIFIED_MAX, &said, err);

	if (r < 0)
		return err_wrap(err, "reading what dpkg --verify found");
	strv_split(&line, said.data, "\n");
	for (size_t i = 0; i < line.count; i++) {
		if (strlen(line.item[i]) <= VERIFIED_PREFIX || !strchr(line.item[i], '/'))
			return err_set(err, ERR_BUILD, "dpkg --verify said: %s", line.item[i]);
		strv_add(&rootfs->file_log.altered, without_slash(strchr(line.item[i], '/')));
	}
	return 0;
}

int file_log_verify(struct rootfs *rootfs, struct err *err)
{
	static const char *const argv[] = { "dpkg", "--verify", "--verify-format=rpm", NULL };
	/* From dpkg 1.22 on its status says whether there was something to report. */
	struct sandbox_command command = { .argv = argv, .output = VERIFIED, .may_fail = true };
	int r = sandbox_run(rootfs->sandbox, &command, 1, err);

	return r < 0 ? r : file_log_read_verified(rootfs, err);
}

void file_log_release(struct file_log *log)
{
	for (size_t i = 0; i < log->count; i++) {
		free(log->item[i].path);
		free(log->item[i].maker);
	}
	free(log->item);
	strv_release(&log->altered);
	*log = (struct file_log){ 0 };
}
