/* SPDX-License-Identifier: MIT */
#include "base/atomic-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/tree.h"

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
	if (r < 0)
		return r;
	*ret_name = name;
	return 0;
}

int atomic_file_begin(struct atomic_file *file, int dirfd, const char *path, mode_t mode,
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
			return err_errno(err, ERR_BUILD, errno, "cannot get a random number");
		free(temporary);
		temporary = xasprintf(ATOMIC_FILE_PREFIX "%016llx", (unsigned long long)number);
		fd = openat(parent, temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
			    0600);
	} while (fd < 0 && errno == EEXIST);
	if (fd < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot make a new file beside '%s'", path);

	/* From here on the file exists: *file owns it even when the next step fails. */
	*file = (struct atomic_file){
		.dirfd = take_fd(&parent),
		.fd = take_fd(&fd),
		.temporary = take_ptr(temporary),
		.target = xstrdup(name),
	};
	if (fchmod(file->fd, mode & ~file_mask()) < 0) {
		r = err_errno(err, ERR_BUILD, errno, "cannot set the mode of '%s'", path);
		atomic_file_release(file);
		return r;
	}
	return 0;
}

int atomic_file_commit(struct atomic_file *file, struct err *err)
{
	if (fsync(file->fd) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot write '%s'", file->target);
	/* Network file systems report a lost write at the latest here. */
	if (close(take_fd(&file->fd)) < 0 && errno != EINTR)
		return err_errno(err, ERR_BUILD, errno, "cannot write '%s'", file->target);
	if (renameat(file->dirfd, file->temporary, file->dirfd, file->target) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot rename a new file to '%s'",
				 file->target);
	free(take_ptr(file->temporary));
	/* EINVAL comes from file systems that cannot sync directories; they need no syncing. */
	if (fsync(file->dirfd) < 0 && errno != EINVAL)
		return err_errno(err, ERR_BUILD, errno, "cannot sync the directory of '%s'",
				 file->target);
	atomic_file_release(file);
	return 0;
}

void atomic_file_release(struct atomic_file *file)
{
	if (file->temporary)
		(void)unlinkat(file->dirfd, file->temporary, 0);
	if (file->fd >= 0)
		(void)close(file->fd);
	if (file->dirfd >= 0)
		(void)close(file->dirfd);
	free(file->temporary);
	free(file->target);
	*file = (struct atomic_file)ATOMIC_FILE_INIT;
}

int write_file(int dirfd, const char *path, const void *data, size_t size, mode_t mode,
	       struct err *err)
{
	CLEANUP(atomic_file_release) struct atomic_file file = ATOMIC_FILE_INIT;
	int r = atomic_file_begin(&file, dirfd, path, mode, err);

	if (r < 0)
		return r;
	r = write_all(file.fd, data, size);
	if (r < 0)
		return err_errno(err, ERR_BUILD, -r, "cannot write '%s'", path);
	return atomic_file_commit(&file, err);
}
