// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/memory.h"
#include "recipe/format.h"
#include "recipe/input.h"

#define KEYS_MAX ((size_t)1 << 20)

struct overlay_walk {
	const struct position *at;
	const char *path;
	struct digest *digest;
	uint64_t bytes;
	size_t entries;
	bool has_keys;
};

/* One field: its length, then its bytes, so that no two entries can look alike. */
static void add_field(struct digest *d, const char *value)
{
	cleanup_free char *field = xasprintf("%zu:%s,", strlen(value), value);

	digest_update(d, field, strlen(field));
}

static int refuse_entry(const struct overlay_walk *w, const struct walk_entry *e, const char *why,
			struct err *err)
{
	return position_error(w->at, err, "overlay '%s': '%s' %s", w->path, e->path, why);
}

static int add_link(struct overlay_walk *w, const struct walk_entry *e, struct err *err)
{
	char target[PATH_MAX];
	ssize_t size = readlinkat(e->dirfd, e->name, target, sizeof(target) - 1);

	if (size < 0)
		return refuse_entry(w, e, "cannot be read", err);
	target[size] = '\0';
	add_field(w->digest, "link");
	add_field(w->digest, e->path);
	add_field(w->digest, target);
	return 0;
}

static int look_for_keys(struct overlay_walk *w, const struct walk_entry *e, struct err *err)
{
	CLEANUP(text_release) struct text keys = { 0 };

	if (read_file(e->dirfd, e->name, KEYS_MAX, &keys, err) < 0)
		return err_wrap(err, "overlay '%s', file '%s'", w->path, e->path);
	if (format_has_key_line(keys.data))
		w->has_keys = true;
	return 0;
}

static int add_file(struct overlay_walk *w, const struct walk_entry *e, struct err *err)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
	cleanup_fd int fd = openat(e->dirfd, e->name, flags);
	char content[DIGEST_HEX];
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return refuse_entry(w, e, "cannot be read", err);
	w->bytes += (uint64_t)st.st_size;
	if (w->bytes > INPUT_OVERLAY_MAX)
		return refuse_entry(w, e, "makes it larger than 2 GiB", err);
	r = digest_fd(fd, content, err);
	if (r < 0)
		return err_wrap(err, "overlay '%s', file '%s'", w->path, e->path);
	add_field(w->digest, st.st_mode & S_IXUSR ? "program" : "file");
	add_field(w->digest, e->path);
	add_field(w->digest, content);
	return streq(e->path, "root/.ssh/authorized_keys") ? look_for_keys(w, e, err) : 0;
}

static int add_entry(const struct walk_entry *e, void *data, struct err *err)
{
	struct overlay_walk *w = data;

	if (++w->entries > INPUT_OVERLAY_ENTRIES_MAX)
		return refuse_entry(w, e, "makes it more than 100000 entries", err);
	if (S_ISREG(e->st->st_mode))
		return add_file(w, e, err);
	if (S_ISLNK(e->st->st_mode))
		return add_link(w, e, err);
	if (S_ISDIR(e->st->st_mode)) {
		add_field(w->digest, "directory");
		add_field(w->digest, e->path);
		return 0;
	}
	refuse_entry(w, e, "is neither a file, a directory nor a symbolic link", err);
	return err_hint(err,
			"device nodes, fifos and sockets belong into /dev and /run, which are made "
			"at boot");
}

int input_overlay(const struct position *at, const char *path, char ret_digest[DIGEST_HEX],
		  bool *has_keys, struct err *err)
{
	CLEANUP(err_release) struct err why = { 0 };
	CLEANUP(digest_cleanup) struct digest *digest = digest_new();
	struct overlay_walk w = { .at = at, .path = path, .digest = digest };
	cleanup_fd int fd = -1;
	int r = open_dir(AT_FDCWD, path, &fd, &why);

	if (r < 0) {
		position_error(at, err, "cannot read overlay: %s", why.message);
		return err_hint(err, "a folder, its path seen from the recipe that names it");
	}
	r = walk_tree(fd, add_entry, &w, err);
	if (r < 0)
		return r;
	digest_final(digest, ret_digest);
	*has_keys = *has_keys || w.has_keys;
	return 0;
}
