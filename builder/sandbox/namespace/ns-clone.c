/* SPDX-License-Identifier: MIT */
/* ioctl(FICLONE): a file system that shares blocks gives a file another one's content at once. A
 * tmpfs refuses, as ext4 does, and dracut-install, which initramfs-tools calls, then starts cp for
 * each of many hundred kernel modules: nearly half of the time that an initramfs takes. Here the
 * content is copied instead, which is as quick for files of this size, and what such a program does
 * no longer depends on the file system. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/memory.h"
#include "sandbox/namespace/ns.h"

#define CHUNK ((size_t)1 << 20)

/* Meanwhile nobody else is answered, so larger ones are left to the program itself. */
#define CLONE_MAX ((off_t)64 << 20)

/* The id says that the caller still sleeps in its call, and so that the pid is its own. */
static int open_caller(int listener, const struct seccomp_notif *n)
{
	int fd = (int)syscall(SYS_pidfd_open, n->pid, 0);

	if (fd >= 0 && seccomp_notify_id_valid(listener, n->id) == 0)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return -ENOENT;
}

/* The caller's own descriptor, with what it may do with it. */
static int take_from(int caller, uint64_t fd)
{
	return (int)syscall(SYS_pidfd_getfd, caller, (int)fd, 0);
}

static bool may(int fd, int mode)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && !(flags & (O_APPEND | O_PATH)) &&
	       ((flags & O_ACCMODE) == mode || (flags & O_ACCMODE) == O_RDWR);
}

/* Whether the kernel would do it if the file system could, in the case that programs have: all of
 * a file becomes the content of a new one beside it. */
static bool is_simple(int from, int to, off_t *ret_size)
{
	struct stat source, target;

	if (!may(from, O_RDONLY) || !may(to, O_WRONLY) || fstat(from, &source) < 0 ||
	    fstat(to, &target) < 0)
		return false;
	*ret_size = source.st_size;
	return S_ISREG(source.st_mode) && S_ISREG(target.st_mode) &&
	       source.st_dev == target.st_dev && source.st_ino != target.st_ino &&
	       target.st_size == 0 && source.st_size <= CLONE_MAX;
}

/* Leaves the position of both descriptors, which the caller shares, where it is. */
static int copy(int from, int to, off_t size)
{
	cleanup_free char *chunk = xmalloc(CHUNK);
	off_t done = 0;

	while (done < size) {
		ssize_t n = pread(from, chunk, CHUNK, done);

		if (n > 0)
			n = pwrite(to, chunk, (size_t)n, done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO;
		done += n;
	}
	return 0;
}

/* 0, -errno for the caller, or 1: let the kernel answer. */
static int clone_file(int from, int to)
{
	off_t size;
	int r;

	if (from < 0 || to < 0 || !is_simple(from, to, &size))
		return 1;
	if (ioctl(to, FICLONE, from) == 0)
		return 0;
	r = copy(from, to, size);
	if (r < 0)
		(void)!ftruncate(to, 0);
	return r;
}

int ns_clone_answer(int listener, const struct seccomp_notif *n)
{
	cleanup_fd int caller = open_caller(listener, n);

	if (caller < 0)
		return 1;
	cleanup_fd int to = take_from(caller, n->data.args[0]);
	cleanup_fd int from = take_from(caller, n->data.args[2]);
	return clone_file(from, to);
}
