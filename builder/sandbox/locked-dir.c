/* SPDX-License-Identifier: MIT */
#include "sandbox/locked-dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/memory.h"

#define LIST_MAX 64
#define ATTEMPTS 20

static bool is_same_file(int dirfd, const char *name, int fd)
{
	struct stat a, b;

	return fstatat(dirfd, name, &a, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &b) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int locked_dir_take(int parent, const char *name)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -1;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0 || !is_same_file(parent, name, fd)) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

void locked_dir_list(int parent, const char *prefix, struct strv *ret)
{
	int fd = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	while (d && ret->count < LIST_MAX && (e = readdir(d)))
		if (e->d_name[0] != '.' && starts_with(e->d_name, prefix))
			strv_add(ret, e->d_name);
	if (d)
		(void)closedir(d);
	else if (fd >= 0)
		(void)close(fd);
}

static int no_directory(struct err *err)
{
	return err_errno(err, ERR_BUILD, errno, "cannot make a directory for the sandbox's tree");
}

/* The store's directory may have a default ACL. Whatever is made in it inherits that, down to the
 * files of the image. */
int locked_dir_set_mode(int fd, mode_t mode, struct err *err)
{
	static const char *const acl[] = { "system.posix_acl_default", "system.posix_acl_access" };

	for (size_t i = 0; i < ARRAY_SIZE(acl); i++)
		if (fremovexattr(fd, acl[i]) < 0 && errno != ENODATA && errno != EOPNOTSUPP)
			return err_errno(err, ERR_BUILD, errno,
					 "cannot remove the ACL of the sandbox's directory");
	return fchmod(fd, mode) < 0 ? no_directory(err) : 0;
}

int locked_dir_new(int parent, const char *prefix, char **ret_name, int *ret_fd, struct err *err)
{
	cleanup_free char *name = NULL;
	cleanup_fd int fd = -1;
	int r;

	for (int i = 0; fd < 0; i++) {
		unsigned random = 0;

		if (i == ATTEMPTS)
			return err_errno(err, ERR_BUILD, ENOLCK,
					 "cannot lock a directory for the sandbox's tree");

		free(name);
		if (getrandom(&random, sizeof(random), 0) != sizeof(random))
			return err_errno(err, ERR_BUILD, errno, "cannot get a random name");
		name = xasprintf("%s%d.%08x", prefix, (int)getpid(), random);
		if (mkdirat(parent, name, 0700) < 0 && errno != EEXIST)
			return no_directory(err);
		/* Somebody who removes stale ones may have got the lock first: then once more. */
		fd = locked_dir_take(parent, name);
		if (fd < 0)
			(void)unlinkat(parent, name, AT_REMOVEDIR);
	}
	r = locked_dir_set_mode(fd, 0700, err);
	if (r < 0)
		return r;
	*ret_name = take_ptr(name);
	*ret_fd = take_fd(&fd);
	return 0;
}
