/* SPDX-License-Identifier: MIT */
#include "base/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/text.h"

/* Deeper directories are first moved to the top, so that a tree of any depth needs few
 * descriptors. */
#define REMOVE_DEPTH_MAX 64

struct removal {
	int top;	   /* the tree that is being removed */
	unsigned deferred; /* directories that were moved to its top */
	uint64_t mount;
	dev_t device;
};

static void close_stream(DIR **stream)
{
	if (*stream)
		(void)closedir(*stream);
}

static bool is_dots(const char *name)
{
	return streq(name, ".") || streq(name, "..");
}

int make_dirs(int dirfd, const char *path, mode_t mode, struct err *err)
{
	cleanup_free char *prefix = xstrdup(path);
	struct stat st;

	for (char *p = prefix; *p;) {
		p += strspn(p, "/");
		p += strcspn(p, "/");
		char separator = *p;
		*p = '\0';
		/* A directory that is there is fine even where making one is forbidden (EROFS,
		 * EACCES). */
		if (mkdirat(dirfd, prefix, mode) < 0) {
			int failed = errno;

			if (fstatat(dirfd, prefix, &st, 0) < 0)
				return err_errno(err, ERR_BUILD, failed,
						 "cannot make directory '%s'", prefix);
			if (!S_ISDIR(st.st_mode))
				return err_errno(err, ERR_BUILD, ENOTDIR,
						 "cannot make directory '%s'", prefix);
		}
		*p = separator;
	}
	return 0;
}

/* What tells one mount from another. The device does not suffice: a bind mount of the same file
 * system has the same. */
static int identify(int fd, uint64_t *ret_mount, dev_t *ret_device)
{
	struct statx sx = { 0 };
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	*ret_device = st.st_dev;
	*ret_mount = 0;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &sx) == 0 && (sx.stx_mask & STATX_MNT_ID))
		*ret_mount = sx.stx_mnt_id;
	return 0;
}

/* Opens a directory and makes it readable, writable and searchable for us, so that it can be
 * emptied. */
static int open_to_empty(int dirfd, const char *name, int *ret_fd)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	struct stat st;
	int fd = openat(dirfd, name, flags);

	if (fd < 0 && errno == EACCES && fchmodat(dirfd, name, 0700, AT_SYMLINK_NOFOLLOW) == 0)
		fd = openat(dirfd, name, flags);
	if (fd < 0)
		return -errno;
	/* If it is not ours this fails, and so does the unlinkat that follows, which is
	 * reported. */
	if (fstat(fd, &st) == 0 && (st.st_mode & S_IRWXU) != S_IRWXU)
		(void)fchmod(fd, 0700);
	*ret_fd = fd;
	return 0;
}

static int move_to_top(struct removal *removal, int dirfd, const char *name)
{
	cleanup_fd int fd = -1;
	char moved[48];
	int r = open_to_empty(dirfd, name, &fd);

	if (r < 0)
		return r;
	do {
		(void)snprintf(moved, sizeof(moved), ".netrescue-deep-%u", removal->deferred++);
		r = renameat2(dirfd, name, removal->top, moved, RENAME_NOREPLACE);
	} while (r < 0 && errno == EEXIST);
	return r < 0 ? -errno : 0;
}

static int open_and_identify(int dirfd, const char *name, int *ret_fd, uint64_t *ret_mount,
			     dev_t *ret_device)
{
	int r = open_to_empty(dirfd, name, ret_fd);

	if (r < 0)
		return r;
	return identify(*ret_fd, ret_mount, ret_device);
}

static int remove_entry(struct removal *removal, int dirfd, const char *name, unsigned depth,
			struct err *err);

/* Removes what one reading of the directory finds; *ret_found says whether that was anything. */
static int empty_once(struct removal *removal, int dirfd, unsigned depth, bool *ret_found,
		      struct err *err)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(close_stream) DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!stream)
		return err_errno(err, ERR_BUILD, errno,
				 "cannot read a directory that is to be removed");
	*ret_found = false;
	while ((errno = 0, entry = readdir(stream))) {
		if (is_dots(entry->d_name))
			continue;
		*ret_found = true;
		int r = remove_entry(removal, dirfd, entry->d_name, depth, err);
		if (r < 0)
			return r;
	}
	return errno ? err_errno(err, ERR_BUILD, errno,
				 "cannot read a directory that is to be removed")
		     : 0;
}

static int empty_directory(struct removal *removal, int dirfd, unsigned depth, struct err *err)
{
	bool found = true;

	/* Some file systems skip names when others are removed while they are read. */
	while (found) {
		int r = empty_once(removal, dirfd, depth, &found, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int refuse_mount(const char *name, struct err *err)
{
	(void)err_errno(err, ERR_BUILD, EBUSY, "cannot remove '%s'", name);
	return err_hint(err, "something is mounted there: unmount it first");
}

static int remove_entry(struct removal *removal, int dirfd, const char *name, unsigned depth,
			struct err *err)
{
	cleanup_fd int fd = -1;
	uint64_t mount = 0;
	dev_t device = 0;
	int r;

	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	/* POSIX says EPERM for directories, Linux EISDIR, and EPERM for what is immutable. */
	int failed = errno;
	if (failed == EBUSY)
		return refuse_mount(name, err);
	if (failed != EISDIR && failed != EPERM)
		return err_errno(err, ERR_BUILD, failed, "cannot remove '%s'", name);
	if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (depth >= REMOVE_DEPTH_MAX) {
		r = move_to_top(removal, dirfd, name);
		return r < 0 ? err_errno(err, ERR_BUILD, -r, "cannot remove '%s'", name) : 0;
	}
	r = open_and_identify(dirfd, name, &fd, &mount, &device);
	if (r == -ENOTDIR)
		r = -failed;
	if (r < 0)
		return err_errno(err, ERR_BUILD, -r, "cannot remove '%s'", name);
	if (depth == 0) {
		removal->top = fd;
		removal->mount = mount;
		removal->device = device;
	} else if (mount != removal->mount || device != removal->device) {
		return refuse_mount(name, err);
	}
	r = empty_directory(removal, fd, depth + 1, err);
	if (r < 0)
		return err_wrap(err, "in '%s'", name);
	if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return errno == EBUSY ? refuse_mount(name, err)
			      : err_errno(err, ERR_BUILD, errno, "cannot remove '%s'", name);
}

mode_t file_mask(void)
{
	mode_t mask = umask(077);

	(void)umask(mask);
	return mask;
}

int remove_tree(int dirfd, const char *path, struct err *err)
{
	struct removal removal = { .top = -1 };

	return remove_entry(&removal, dirfd, path, 0, err);
}

int list_names(int dirfd, const char *path, struct strv *ret)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(close_stream) DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!stream)
		return -errno;
	while ((errno = 0, entry = readdir(stream)))
		if (!is_dots(entry->d_name))
			strv_add(ret, entry->d_name);
	if (errno)
		return -errno;
	strv_sort(ret);
	return 0;
}

struct walk {
	walk_fn fn;
	void *data;
	struct text path;
};

static int walk_directory(struct walk *w, int dirfd, unsigned depth, struct err *err);

/* Visits one entry, whose path is in w->path. */
static int walk_entry(struct walk *w, int dirfd, const char *name, unsigned depth, struct err *err)
{
	cleanup_fd int fd = -1;
	struct stat st;
	int r;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0
				       : err_errno(err, ERR_BUILD, errno, "cannot examine '%s'",
						   w->path.data);

	const struct walk_entry entry = {
		.dirfd = dirfd, .name = name, .path = w->path.data, .st = &st
	};
	r = w->fn(&entry, w->data, err);
	if (r != 0 || !S_ISDIR(st.st_mode))
		return r;
	if (depth >= WALK_DEPTH_MAX)
		return err_set(err, ERR_BUILD, "'%s': directories nested more than %d deep",
			       w->path.data, WALK_DEPTH_MAX);
	fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0
				       : err_errno(err, ERR_BUILD, errno,
						   "cannot open directory '%s'", w->path.data);
	return walk_directory(w, fd, depth + 1, err);
}

static int walk_directory(struct walk *w, int dirfd, unsigned depth, struct err *err)
{
	CLEANUP(strv_release) struct strv names = { 0 };
	size_t length = w->path.length;
	int r = list_names(dirfd, ".", &names);

	if (r < 0)
		return err_errno(err, ERR_BUILD, -r, "cannot read directory '%s'",
				 length > 0 ? w->path.data : ".");
	for (size_t i = 0; i < names.count; i++) {
		if (length > 0)
			text_add(&w->path, "/");
		text_add(&w->path, names.item[i]);
		r = walk_entry(w, dirfd, names.item[i], depth, err);
		if (r != 0)
			return r;
		w->path.length = length;
		text_append(&w->path, "", 0);
	}
	return 0;
}

int walk_tree(int dirfd, walk_fn fn, void *data, struct err *err)
{
	struct walk w = { .fn = fn, .data = data };
	int r = walk_directory(&w, dirfd, 0, err);

	text_release(&w.path);
	return r;
}
