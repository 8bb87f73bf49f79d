/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/memory.h"

#include "sandbox/namespace/ns.h"

int ns_mount(const char *source, const char *target, const char *type, unsigned long flags,
	     const char *data, struct err *err)
{
	if (mount(source, target, type, flags, data) == 0)
		return 0;
	err_errno(err, ERR_BUILD, errno, "cannot mount %s on '%s' for the sandbox",
		  type	   ? type
		  : source ? source
			   : "again",
		  target);
	if (errno != EPERM && errno != EACCES)
		return err_hint(err, "the sandbox needs Linux 5.12 or newer");
	return ns_hint_refused(err);
}

/* Where the tree has that directory, and no link. */
static int mount_temporary(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return 0;
	return mount("tmpfs", path, "tmpfs", MS_NODEV | MS_NOSUID,
		     "mode=1777,size=64m,nr_inodes=16k") < 0
		       ? -errno
		       : 0;
}

int ns_mount_read_only(void)
{
	static const char *const temporary[] = { "/tmp", "/var/tmp" };
	struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };

	if (unshare(CLONE_NEWNS) < 0 ||
	    mount_setattr(AT_FDCWD, "/", 0, &read_only, sizeof(read_only)) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(temporary); i++) {
		int r = mount_temporary(temporary[i]);

		if (r < 0)
			return r;
	}
	return 0;
}
