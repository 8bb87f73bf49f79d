/* SPDX-License-Identifier: MIT */
#include "base/owner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/memory.h"
#include "base/text.h"

#define PROBE ".netrescue-probe"

bool owner_is_trusted(const struct stat *st)
{
	return st->st_uid == geteuid() || st->st_uid == 0;
}

char *owner_name(const struct stat *st)
{
	const struct passwd *pw = getpwuid(st->st_uid);

	return pw ? xasprintf("the user %s", pw->pw_name)
		  : xasprintf("the user %u", (unsigned)st->st_uid);
}

bool owner_is_everybody(const struct stat *st)
{
	return S_ISDIR(st->st_mode) && (st->st_mode & (S_IWOTH | S_ISVTX)) == S_IWOTH;
}

static bool others_may_write(const struct stat *st, enum owner_names names)
{
	if (names == OWNER_RANDOM_NAMES)
		return owner_is_everybody(st);
	return st->st_mode & S_IWOTH || (st->st_mode & S_IWGRP && st->st_gid != getegid());
}

int owner_check_place(const char *path, const char *what, enum owner_names names, struct err *err)
{
	/* Random names are those of temporary files. */
	const char *way_out = names == OWNER_RANDOM_NAMES ? "set TMPDIR to" : "name";
	cleanup_free char *whose = NULL;
	struct stat st;

	if (stat(path, &st) < 0)
		return err_errno(err, ERR_USAGE, errno, "cannot use '%s', %s", path, what);
	if (!S_ISDIR(st.st_mode))
		return err_errno(err, ERR_USAGE, ENOTDIR, "cannot use '%s', %s", path, what);
	if (!owner_is_trusted(&st)) {
		whose = owner_name(&st);
		err_set(err, ERR_USAGE,
			"'%s', %s, belongs to %s, who could exchange what is put there", path, what,
			whose);
		return err_hint(err, "%s a directory of your own", way_out);
	}
	if (!others_may_write(&st, names))
		return 0;
	err_set(err, ERR_USAGE,
		"others may write to '%s', %s, and could exchange what is put there", path, what);
	return err_hint(err, "%s a directory that is yours alone", way_out);
}

/* By descriptors, so that what was checked is what is followed. */
static int follow_own_link(int dirfd, const char *name)
{
	cleanup_fd int link = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char target[PATH_MAX];
	struct stat st, above;
	ssize_t length;
	int fd;

	if (link < 0 || fstat(link, &st) < 0 || fstat(dirfd, &above) < 0)
		return -errno;
	if (!S_ISLNK(st.st_mode) || !owner_is_trusted(&st) || !owner_is_trusted(&above) ||
	    owner_is_everybody(&above))
		return -ELOOP;
	length = readlinkat(link, "", target, sizeof(target));
	if (length < 0)
		return -errno;
	if ((size_t)length >= sizeof(target))
		return -ENAMETOOLONG;
	target[length] = '\0';
	fd = openat(dirfd, target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int owner_open_dir(int dirfd, const char *name)
{
	int fd = open_beneath(dirfd, name, O_RDONLY | O_DIRECTORY, 0);

	return fd == -ELOOP ? follow_own_link(dirfd, name) : fd;
}

int owner_check_made(int fd)
{
	cleanup_fd int probe = -1;
	struct stat st, ours;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid == geteuid())
		return 0;
	probe = openat(fd, PROBE, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (probe < 0 || fstat(probe, &ours) < 0 || unlinkat(fd, PROBE, 0) < 0)
		return -errno;
	return ours.st_uid == st.st_uid ? 0 : -EPERM;
}
