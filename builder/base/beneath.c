/* SPDX-License-Identifier: MIT */
#include "base/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/text.h"

/* The next name of the path, without the slashes around it: "" at the end. */
static int next_name(const char **path, char ret[NAME_MAX + 1])
{
	const char *start = *path + strspn(*path, "/");
	size_t length = strcspn(start, "/");

	if (length > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(ret, start, length);
	ret[length] = '\0';
	*path = start + length;
	return streq(ret, "..") ? -EXDEV : 0;
}

/* One step. What says that it is no directory may be a link to one, which is told apart because
 * that is what the reader of the error has to find. */
static int step(int dirfd, const char *name, int flags, mode_t mode)
{
	int fd = openat(dirfd, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
	int failed = errno;
	struct stat st;

	if (fd >= 0)
		return fd;
	if (failed == ENOTDIR && fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(st.st_mode))
		return -ELOOP;
	return -failed;
}

/* Goes through the directories of `path`, up to its last name. */
static int walk(int dirfd, const char *path, char ret_last[NAME_MAX + 1])
{
	cleanup_fd int at = -1;
	const char *rest = path;
	int r;

	if (!*path)
		return -ENOENT;
	if (*path == '/')
		return -EXDEV;
	at = step(dirfd, ".", O_PATH | O_DIRECTORY, 0);
	if (at < 0)
		return at;
	for (;;) {
		int next;

		r = next_name(&rest, ret_last);
		if (r < 0)
			return r;
		if (!rest[strspn(rest, "/")])
			return take_fd(&at);
		next = step(at, ret_last, O_PATH | O_DIRECTORY, 0);
		if (next < 0)
			return next;
		(void)close(at);
		at = next;
	}
}

int open_beneath(int dirfd, const char *path, int flags, mode_t mode)
{
	char name[NAME_MAX + 1];
	cleanup_fd int at = walk(dirfd, path, name);

	if (at < 0)
		return at;
	if (ends_with(path, "/"))
		flags |= O_DIRECTORY;
	/* O_PATH opens a link itself, but nobody who calls this wants one. */
	if (flags & O_PATH) {
		cleanup_fd int fd = step(at, name, flags, mode);
		struct stat st;

		if (fd < 0)
			return fd;
		if (fstat(fd, &st) < 0)
			return -errno;
		return S_ISLNK(st.st_mode) ? -ELOOP : take_fd(&fd);
	}
	return step(at, name, flags, mode);
}

int open_parent_beneath(int dirfd, const char *path, const char **ret_name)
{
	char name[NAME_MAX + 1];
	cleanup_fd int at = walk(dirfd, path, name);

	if (at < 0)
		return at;
	if (!*name || streq(name, ".") || ends_with(path, "/"))
		return -EINVAL;
	*ret_name = path + strlen(path) - strlen(name);
	return take_fd(&at);
}

int make_dirs_beneath(int dirfd, const char *path, mode_t mode)
{
	cleanup_fd int at = step(dirfd, ".", O_PATH | O_DIRECTORY, 0);
	char name[NAME_MAX + 1];
	const char *rest = path;
	int r = at < 0 ? at : 0;

	if (*path == '/')
		return -EXDEV;
	while (r == 0 && (r = next_name(&rest, name)) == 0 && *name) {
		/* A directory that is there is fine even where making one is forbidden. */
		int failed = mkdirat(at, name, mode) < 0 ? errno : 0;
		int next = step(at, name, failed ? O_PATH | O_DIRECTORY : O_DIRECTORY, 0);

		if (next < 0)
			return next == -ENOENT && failed ? -failed : next;
		(void)close(at);
		at = next;
		if (!failed && fchmod(at, mode) < 0)
			return -errno;
	}
	return r;
}
