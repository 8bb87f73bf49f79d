/* SPDX-License-Identifier: MIT */
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
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

/* As far as the kernel copies by itself; what is left is for read and write. */
static int copy_in_kernel(int in_fd, int out_fd, uint64_t *done)
{
	for (;;) {
		ssize_t n = copy_file_range(in_fd, NULL, out_fd, NULL, (size_t)1 << 30, 0);
		if (n < 0 && errno == EINTR)
			continue;
		/* A real failure comes again, and with a better story, from read or write. */
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

int read_file(int dirfd, const char *path, size_t limit, struct text *ret, struct err *err)
{
	CLEANUP(text_release) struct text content = { 0 };
	cleanup_free char *buffer = NULL;
	/* Whoever names a path may name a pipe; in a directory of ours one would wait for ever. */
	bool ours = dirfd != AT_FDCWD;
	cleanup_fd int fd =
		openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (ours ? O_NONBLOCK : 0));
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot open '%s'", path);
	if (ours && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return err_set(err, ERR_BUILD, "'%s' is not a regular file", path);
	buffer = xmalloc(COPY_SIZE);
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
	*ret = content;
	content = (struct text){ 0 };
	return 0;
}

/* Opens the directory that holds path; *ret_name points to the last component. */
static int open_parent(int dirfd, const char *path, int *ret_fd, const char **ret_name,
		       struct err *err)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	if (!*name || streq(name, ".") || streq(name, ".."))
		return err_errno(err, ERR_BUILD, EINVAL, "cannot make '%s'", path);

	cleanup_free char *parent = !slash	    ? xstrdup(".")
				    : slash == path ? xstrdup("/")
						    : xstrndup(path, (size_t)(slash - path));
	int r = open_dir(dirfd, parent, ret_fd, err);
	if (r == 0)
		*ret_name = name;
	return r;
}

int atomic_file_begin(struct atomic_file *p, int dirfd, const char *path, mode_t mode,
		      struct err *err)
{
	cleanup_fd int parent = -1;
	cleanup_fd int fd = -1;
	cleanup_free char *temporary = NULL;
	const char *name = NULL;
	int r = open_parent(dirfd, path, &parent, &name, err);

	if (r < 0)
		return r;
	do {
		uint64_t number;
		if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
			return err_errno(err, ERR_BUILD, errno, "no random number");
		free(temporary);
		temporary = xasprintf(ATOMIC_FILE_PREFIX "%016llx", (unsigned long long)number);
		fd = openat(parent, temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			    0600);
	} while (fd < 0 && errno == EEXIST);
	if (fd < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot make a new file beside '%s'", path);

	/* From here on the file is there: p owns it even when the next step fails. */
	*p = (struct atomic_file){
		.dirfd = take_fd(&parent),
		.fd = take_fd(&fd),
		.temporary = take_ptr(temporary),
		.target = xstrdup(name),
	};
	/* Whatever the umask says. */
	if (fchmod(p->fd, mode) < 0) {
		r = err_errno(err, ERR_BUILD, errno, "cannot set the mode of '%s'", path);
		atomic_file_release(p);
		return r;
	}
	return 0;
}

int atomic_file_commit(struct atomic_file *p, struct err *err)
{
	if (fsync(p->fd) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot write '%s'", p->target);
	/* Network file systems report a lost write at the latest here. */
	if (close(take_fd(&p->fd)) < 0 && errno != EINTR)
		return err_errno(err, ERR_BUILD, errno, "cannot write '%s'", p->target);
	if (renameat(p->dirfd, p->temporary, p->dirfd, p->target) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot rename a new file to '%s'",
				 p->target);
	free(take_ptr(p->temporary));
	/* EINVAL: a file system that cannot sync directories has nothing to lose. */
	if (fsync(p->dirfd) < 0 && errno != EINVAL)
		return err_errno(err, ERR_BUILD, errno, "cannot sync the directory of '%s'",
				 p->target);
	atomic_file_release(p);
	return 0;
}

void atomic_file_release(struct atomic_file *p)
{
	if (p->temporary)
		(void)unlinkat(p->dirfd, p->temporary, 0);
	if (p->fd >= 0)
		(void)close(p->fd);
	/* A struct that was never begun is { .fd = -1 }: its dirfd of 0 is not ours. */
	if (p->target && p->dirfd >= 0)
		(void)close(p->dirfd);
	free(p->temporary);
	free(p->target);
	*p = (struct atomic_file){ .dirfd = -1, .fd = -1 };
}

int write_file(int dirfd, const char *path, const void *data, size_t size, mode_t mode,
	       struct err *err)
{
	CLEANUP(atomic_file_release) struct atomic_file p = { .fd = -1 };
	int r = atomic_file_begin(&p, dirfd, path, mode, err);

	if (r < 0)
		return r;
	r = write_all(p.fd, data, size);
	if (r < 0)
		return err_errno(err, ERR_BUILD, -r, "cannot write '%s'", path);
	return atomic_file_commit(&p, err);
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
