/* SPDX-License-Identifier: MIT */
#include "publish/result-files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/beneath.h"
#include "base/interrupt.h"
#include "base/io.h"
#include "base/memory.h"
#include "base/tree.h"
#include "publish/signature.h"

/* Opens the directory that is to hold `path`, and makes it and those above it. */
static int open_holder(const struct result *res, const char *path, const char **ret_name,
		       int *ret_fd, struct err *err)
{
	const char *slash = strrchr(path, '/');
	cleanup_free char *above = slash ? xstrndup(path, (size_t)(slash - path)) : NULL;
	int r = above ? make_dirs_beneath(res->dir_fd, above, 0755) : 0;

	if (r == 0)
		r = open_parent_beneath(res->dir_fd, path, ret_name);
	if (r < 0)
		return err_errno(err, ERR_BUILD, -r,
				 "cannot make a directory for '%s' of the result", path);
	*ret_fd = r;
	return 0;
}

int result_create(struct result *res, const char *path, int *ret_fd, struct err *err)
{
	const char *name = NULL;
	cleanup_fd int holder = -1;
	int r = open_holder(res, path, &name, &holder, err), fd;

	if (r < 0)
		return r;
	fd = openat(holder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot create '%s' of the result", path);
	*ret_fd = fd;
	return 0;
}

int result_write(struct result *res, const char *path, const void *data, size_t size,
		 struct err *err)
{
	cleanup_fd int fd = -1;
	int r = result_create(res, path, &fd, err);

	if (r < 0)
		return r;
	r = write_all(fd, data, size);
	if (r < 0)
		return err_errno(err, ERR_BUILD, -r, "cannot write '%s' of the result", path);
	return 0;
}

int result_symlink(struct result *res, const char *target, const char *path, struct err *err)
{
	const char *name = NULL;
	cleanup_fd int holder = -1;
	int r = open_holder(res, path, &name, &holder, err);

	if (r < 0)
		return r;
	if (symlinkat(target, holder, name) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot make the link '%s' of the result",
				 path);
	return 0;
}

int result_write_json(struct result *res, const char *path, const json_t *value, struct err *err)
{
	cleanup_free char *dump = json_dumps(value, JSON_INDENT(2));
	CLEANUP(text_release) struct text text = { 0 };

	if (!dump)
		return err_set(err, ERR_BUILD, "'%s' cannot be written as JSON", path);
	text_printf(&text, "%s\n", dump);
	return result_write(res, path, text.data, text.length, err);
}

static int read_link(const struct walk_entry *e, struct result_file *f, struct err *err)
{
	size_t size = (size_t)e->st->st_size + 1;
	ssize_t n;

	f->link = xcalloc(1, size + 1);
	n = readlinkat(e->dirfd, e->name, f->link, size);
	if (n < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot read the link '%s'", e->path);
	return 0;
}

static int hash_file(const struct walk_entry *e, struct result_file *f, struct err *err)
{
	cleanup_fd int fd = -1;

	if (open_file(e->dirfd, e->name, O_NOFOLLOW, ERR_BUILD, &fd, err) < 0)
		return err_wrap(err, "reading '%s'", e->path);
	f->size = (uint64_t)e->st->st_size;
	if (digest_fd(fd, f->sha256, err) < 0)
		return err_wrap(err, "reading '%s'", e->path);
	return 0;
}

static int read_entry(const struct walk_entry *e, void *data, struct err *err)
{
	struct result_files *files = data;
	struct result_file *f;
	int r = interrupt_check(err);

	if (r < 0 || S_ISDIR(e->st->st_mode) || streq(e->path, "provenance.json") ||
	    signature_is_one(e->path))
		return r;
	if (!S_ISREG(e->st->st_mode) && !S_ISLNK(e->st->st_mode))
		return err_set(err, ERR_BUILD, "'%s' is neither a file nor a link", e->path);
	GROW(files->item, files->count, files->allocated);
	f = &files->item[files->count++];
	*f = (struct result_file){ .path = xstrdup(e->path) };
	return S_ISLNK(e->st->st_mode) ? read_link(e, f, err) : hash_file(e, f, err);
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(((const struct result_file *)a)->path, ((const struct result_file *)b)->path);
}

int result_files_read(int dir_fd, struct result_files *ret, struct err *err)
{
	CLEANUP(result_files_release) struct result_files files = { 0 };
	int r = walk_tree(dir_fd, read_entry, &files, err);

	if (r < 0)
		return r;
	/* A walk gives "a/b" before "a.c"; in the order of bytes it comes behind. */
	if (files.count)
		qsort(files.item, files.count, sizeof(*files.item), compare_paths);
	*ret = TAKE(files);
	return 0;
}

void result_files_release(struct result_files *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->item[i].path);
		free(f->item[i].link);
	}
	free(f->item);
	*f = (struct result_files){ 0 };
}
