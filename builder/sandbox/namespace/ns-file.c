/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/text.h"
#include "sandbox/namespace/ns.h"

#define PARENT_MODE 0755

static int open_plainly(const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (unsigned)(flags | O_CLOEXEC),
		.mode = flags & O_CREAT ? mode : 0,
		.resolve = RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));

	return fd < 0 ? -errno : (int)fd;
}

static int make_parents(const char *path)
{
	for (const char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		cleanup_free char *above = xstrndup(path, (size_t)(p - path));
		cleanup_fd int fd = open_plainly(above, O_PATH | O_DIRECTORY, 0);

		if (fd < 0 && fd != -ENOENT)
			return fd;
		if (fd < 0 && mkdir(above, PARENT_MODE) < 0)
			return -errno;
	}
	return 0;
}

int ns_open(const char *path, int flags, mode_t mode)
{
	int fd;

	if (path[0] != '/')
		return -EINVAL;
	fd = open_plainly(path, flags, mode);
	if (fd == -ENOENT && (flags & O_CREAT)) {
		int r = make_parents(path);

		fd = r < 0 ? r : open_plainly(path, flags, mode);
	}
	return fd;
}

int ns_request_read(struct ns *ns, struct message *request, struct message *reply, struct err *err)
{
	cleanup_free char *path = message_get_text(request);
	struct stat st;
	int r = message_end(request, err);

	(void)ns;
	if (r < 0)
		return r;
	cleanup_fd int fd = ns_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0)
		return err_errno(err, ERR_BUILD, -fd, "cannot open '%s' in the tree", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, ERR_BUILD, "'%s' in the tree is no regular file", path);
	message_put_fd(reply, take_fd(&fd));
	return 0;
}

static int write_content(const char *path, const char *data, size_t size, mode_t mode)
{
	cleanup_fd int fd =
		ns_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_NOCTTY, 0600);
	int r = fd < 0 ? fd : write_all(fd, data, size);

	if (r < 0)
		return r;
	return fchmod(fd, mode & 07777) < 0 ? -errno : 0;
}

int ns_request_write(struct ns *ns, struct message *request, struct message *reply, struct err *err)
{
	cleanup_free char *path = message_get_text(request);
	mode_t mode = (mode_t)message_get_u64(request);
	size_t size;
	const char *data = message_get_bytes(request, &size);
	int r = message_end(request, err);

	(void)ns;
	(void)reply;
	if (r < 0)
		return r;
	r = write_content(path, data, size, mode);
	return r < 0 ? err_errno(err, ERR_BUILD, -r, "cannot write '%s' in the tree", path) : 0;
}

int ns_request_exists(struct ns *ns, struct message *request, struct message *reply,
		      struct err *err)
{
	cleanup_free char *path = message_get_text(request);
	int r = message_end(request, err);

	(void)ns;
	if (r < 0)
		return r;
	cleanup_fd int fd = ns_open(path, O_PATH | O_NOFOLLOW, 0);
	if (fd < 0 && fd != -ENOENT && fd != -ENOTDIR)
		return err_errno(err, ERR_BUILD, -fd, "cannot look for '%s' in the tree", path);
	message_put_u64(reply, fd >= 0);
	return 0;
}
