/* SPDX-License-Identifier: MIT */
#include "lab/served.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/tree.h"

/* 1: all links of the path stay below the directory; one to nothing leads nowhere. 0: not all; or
 * -errno. */
static int stays_below(int top, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	cleanup_fd int fd = (int)syscall(SYS_openat2, top, path, &how, sizeof(how));

	if (fd >= 0 || errno == ENOENT)
		return 1;
	return errno == EXDEV || errno == ELOOP || errno == ENOTDIR ? 0 : -errno;
}

static int check_link(int top, const char *path, struct err *err)
{
	int r = stays_below(top, path);

	if (r > 0)
		return 0;
	if (r == 0)
		return err_set(err, ERR_USAGE,
			       "the image's 'tftp/%s' is a link that leads out of tftp/", path);
	if (r != -ENOSYS && r != -EPERM)
		return err_errno(err, ERR_BUILD, -r, "cannot check the image's link 'tftp/%s'",
				 path);
	err_set(err, ERR_BUILD,
		"cannot check the links of the image's tftp/: openat2(2) is needed, which this "
		"container forbids");
	return err_hint(err, "boot without --simple, or outside of the container");
}

static int check_entry(const struct walk_entry *e, void *data, struct err *err)
{
	const int *top = data;

	if (S_ISLNK(e->st->st_mode))
		return check_link(*top, e->path, err);
	if (S_ISREG(e->st->st_mode) || S_ISDIR(e->st->st_mode))
		return 0;
	return err_set(err, ERR_USAGE,
		       "the image's 'tftp/%s' is neither a file nor a directory nor a link",
		       e->path);
}

int served_check(const struct image *i, struct err *err)
{
	cleanup_fd int top = -1;
	int r = image_open_dir(i, "tftp", &top, err);

	return r < 0 ? r : walk_tree(top, check_entry, &top, err);
}
