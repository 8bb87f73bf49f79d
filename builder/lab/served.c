/* SPDX-License-Identifier: MIT */
#include "lab/served.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/tree.h"

/* Whether all links of the path stay below the directory. One to nothing leads nowhere. */
static bool stays_below(int top, const char *path)
{
	struct open_how how = {
		.flags = O_PATH | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	cleanup_fd int fd = (int)syscall(SYS_openat2, top, path, &how, sizeof(how));

	return fd >= 0 || errno == ENOENT;
}

static int check_entry(const struct walk_entry *e, void *data, struct err *err)
{
	const int *top = data;

	if (S_ISREG(e->st->st_mode) || S_ISDIR(e->st->st_mode))
		return 0;
	if (S_ISLNK(e->st->st_mode) && stays_below(*top, e->path))
		return 0;
	return err_set(err, ERR_USAGE, "the image's 'tftp/%s' is %s", e->path,
		       S_ISLNK(e->st->st_mode) ? "a link that leads out of tftp/"
					       : "neither a file nor a directory nor a link");
}

int served_check(const struct image *i, struct err *err)
{
	cleanup_fd int top = -1;
	int r = image_open_dir(i, "tftp", &top, err);

	return r < 0 ? r : walk_tree(top, check_entry, &top, err);
}
