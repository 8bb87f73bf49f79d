/* SPDX-License-Identifier: MIT */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/memory.h"

#define COPY_SIZE ((size_t)256 * 1024)

int write_all(int fd, const void *data, size_t size)
{
	const char *p = data;

	while (size > 0) {
		ssize_t n = write(fd, p, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		size -= (size_t)n;
	}
	return 0;
}

ssize_t read_all(int fd, void *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, (char *)data + done, size - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

/* Copies as much as the kernel does by itself; the rest is left for read and write. */
static int copy_in_kernel(int in_fd, int out_fd, uint64_t *done)
{
	for (;;) {
		ssize_t n = copy_file_range(in_fd, NULL, out_fd, NULL, (size_t)1 << 30, 0);
		if (n < 0 && errno == EINTR)
			continue;
		/* What really failed fails again in read or write, which tell more about it. */
		if (n <= 0)
			return n < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
				       ? -errno
				       : 0;
		*done += (uint64_t)n;
	}
}

int copy_fd(int in_fd, int out_fd, uint64_t *ret_bytes, struct err *err)
{
	cleanup_free char *buffer = NULL;
	uint64_t done = 0;
	int r = copy_in_kernel(in_fd, out_fd, &done);

	if (r < 0)
		return err_errno(err, ERR_BUILD, -r, "cannot write");
	buffer = xmalloc(COPY_SIZE);
	for (;;) {
		ssize_t n = read(in_fd, buffer, COPY_SIZE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, ERR_BUILD, errno, "cannot read");
		if (n == 0)
			break;
		r = write_all(out_fd, buffer, (size_t)n);
		if (r < 0)
			return err_errno(err, ERR_BUILD, -r, "cannot write");
		done += (uint64_t)n;
	}
	if (ret_bytes)
		*ret_bytes = done;
	return 0;
}

int open_file(int dirfd, const char *path, int flags, enum err_class class, int *ret_fd,
	      struct err *err)
{
	cleanup_fd int fd =
		openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, class, errno, "cannot open '%s'", path);
	if (S_ISDIR(st.st_mode))
		return err_errno(err, class, EISDIR, "cannot open '%s'", path);
	if (!S_ISREG(st.st_mode))
		return err_set(err, class, "'%s' is %s, not a regular file", path,
			       S_ISFIFO(st.st_mode) ? "a pipe" : "a device or a socket");
	*ret_fd = take_fd(&fd);
	return 0;
}

int read_fd(int fd, const char *path, size_t limit, struct text *ret, struct err *err)
{
	CLEANUP(text_release) struct text content = { 0 };
	cleanup_free char *buffer = xmalloc(COPY_SIZE);

	text_append(&content, "", 0);
	for (;;) {
		ssize_t n = read_all(fd, buffer, COPY_SIZE);
		if (n < 0)
			return err_errno(err, ERR_BUILD, (int)-n, "cannot read '%s'", path);
		if (n == 0)
			break;
		if ((size_t)n > limit - content.length)
			return err_set(err, ERR_BUILD, "'%s' is larger than the %zu bytes allowed",
				       path, limit);
		text_append(&content, buffer, (size_t)n);
	}
	text_release(ret);
	*ret = TAKE(content);
	return 0;
}

int read_file(int dirfd, const char *path, size_t limit, struct text *ret, struct err *err)
{
	cleanup_fd int fd = -1;
	int r = open_file(dirfd, path, 0, ERR_BUILD, &fd, err);

	return r < 0 ? r : read_fd(fd, path, limit, ret, err);
}

int read_file_nofollow(int dirfd, const char *path, size_t limit, struct text *ret, struct err *err)
{
	cleanup_fd int fd = -1;
	int r = open_file(dirfd, path, O_NOFOLLOW, ERR_BUILD, &fd, err);

	return r < 0 ? r : read_fd(fd, path, limit, ret, err);
}

int open_dir(int dirfd, const char *path, int *ret_fd, struct err *err)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot open directory '%s'", path);
	*ret_fd = fd;
	return 0;
}

int temporary_fd(int *ret_fd, struct err *err)
{
	const char *wanted = getenv("TMPDIR");
	const char *directory = wanted && *wanted ? wanted : "/tmp";
	int fd = open(directory, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
		cleanup_free char *name = xasprintf("%s/netrescue-XXXXXX", directory);

		fd = mkostemp(name, O_CLOEXEC);
		if (fd >= 0)
			(void)unlink(name);
	}
	if (fd < 0) {
		(void)err_errno(err, ERR_BUILD, errno, "cannot make a temporary file in '%s'",
				directory);
		return err_hint(err, "set TMPDIR to a directory that can be written");
	}
	*ret_fd = fd;
	return 0;
}

int memory_fd(const char *data, size_t size, int *ret_fd, struct err *err)
{
	cleanup_fd int fd = memfd_create("netrescue", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot make a file in memory");
	r = write_all(fd, data, size);
	if (r < 0)
		return err_errno(err, ERR_BUILD, -r, "cannot write a file in memory");
	(void)lseek(fd, 0, SEEK_SET);
	*ret_fd = take_fd(&fd);
	return 0;
}
