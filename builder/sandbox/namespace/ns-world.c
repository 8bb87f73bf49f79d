/* SPDX-License-Identifier: MIT */
/*
 * /proc and /dev of the sandbox: what package scripts can learn from them is the same on every
 * machine.
 *
 * Real is what belongs to processes (/proc/PID, self, thread-self, mounts, net), and the time since
 * boot, which passes. Everything else of the kernel's /proc is covered: by a file or directory of
 * ours where there is one of that name (ns-world-files.c), else by nothing. A file is covered by
 * nothing with a link that leads nowhere: it cannot be opened, and `[ -e ]` does not see it; so it
 * is as on a machine whose kernel does not have it. A directory is empty.
 *
 * What a kernel does not have cannot be added. So the files of ours are of those names only that
 * every kernel has on which somebody builds images; others, such as /proc/modules or
 * /proc/mdstat, are nowhere to be seen.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/memory.h"
#include "base/text.h"
#include "sandbox/namespace/ns.h"

#define SAFE (MS_NOSUID | MS_NODEV | MS_NOEXEC)
/* A name below a directory that is never there: nobody can make it by writing to the link. */
#define NOWHERE "/proc/nothing/here"

static const char *const real[] = { "self", "thread-self", "mounts", "net", "uptime" };

static const char *const device[] = { "null", "zero", "full", "random", "urandom", "tty" };
static const char *const device_link[][2] = {
	{ "/proc/self/fd", "fd" },	 { "/proc/self/fd/0", "stdin" },
	{ "/proc/self/fd/1", "stdout" }, { "/proc/self/fd/2", "stderr" },
	{ "pts/ptmx", "ptmx" },
};

/* ---- /proc ---------------------------------------------------------------------------------- */

/* A bind mount takes MS_RDONLY only when it is mounted again. */
static int cover(const char *source, const char *target, struct err *err)
{
	int r = ns_mount(source, target, NULL, MS_BIND | MS_REC, NULL, err);

	if (r < 0)
		return r;
	return ns_mount(NULL, target, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | SAFE, NULL, err);
}

/* Mounts the link itself, which mount(2) would follow. */
static int cover_by_link(const char *link, const char *target, struct err *err)
{
	cleanup_fd int fd = (int)syscall(SYS_open_tree, AT_FDCWD, link,
					 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);

	if (fd >= 0 &&
	    syscall(SYS_move_mount, fd, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) == 0)
		return 0;
	err_errno(err, ERR_BUILD, errno, "cannot hide '%s' in the sandbox", target);
	return ns_hint_refused(err);
}

static bool is_real(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(real); i++)
		if (streq(name, real[i]))
			return true;
	return isdigit((unsigned char)*name) || *name == '.';
}

/* One entry of /proc. store: where our files are, with `nothing` beside them. */
static int cover_entry(const char *proc, const char *name, const char *store, struct err *err)
{
	cleanup_free char *target = xasprintf("%s/%s", proc, name);
	cleanup_free char *ours = xasprintf("%s/proc/%s", store, name);
	cleanup_free char *nothing = xasprintf("%s/nothing", store);
	struct stat st;

	if (is_real(name))
		return 0;
	if (access(ours, F_OK) == 0)
		return cover(ours, target, err);
	if (lstat(target, &st) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot look at '%s'", target);
	if (S_ISDIR(st.st_mode))
		return ns_mount("tmpfs", target, "tmpfs", MS_RDONLY | SAFE, "size=4k,mode=0555",
				err);
	return cover_by_link(nothing, target, err);
}

static void close_directory(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

static int cover_entries(const char *proc, const char *store, struct err *err)
{
	CLEANUP(close_directory) DIR *d = opendir(proc);
	struct dirent *e;

	if (!d)
		return err_errno(err, ERR_BUILD, errno, "cannot read '%s'", proc);
	while ((e = readdir(d))) {
		int r = cover_entry(proc, e->d_name, store, err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Each read of this file has another answer, and some programs take it for their keys. */
static int keep_random(const char *proc, const char *store, struct err *err)
{
	static const char path[] = "sys/kernel/random/uuid";
	cleanup_free char *source = xasprintf("%s/%s", proc, path);
	cleanup_free char *target = xasprintf("%s/proc/%s", store, path);

	return ns_mount(source, target, NULL, MS_BIND, NULL, err);
}

/* For ourselves: what is mounted on it later does not appear in it. */
static int keep_bare(struct ns *ns, const char *proc, struct err *err)
{
	ns->proc = (int)syscall(SYS_open_tree, AT_FDCWD, proc, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	return ns->proc < 0 ? err_errno(err, ERR_BUILD, errno, "cannot look at '%s'", proc) : 0;
}

static int mount_proc(struct ns *ns, const char *root, const char *store, struct err *err)
{
	cleanup_free char *proc = xasprintf("%s/proc", root);
	cleanup_free char *nothing = xasprintf("%s/nothing", store);
	int r = ns_mount("proc", proc, "proc", SAFE, NULL, err);

	if (r < 0)
		return r;
	r = keep_bare(ns, proc, err);
	if (r < 0)
		return r;
	if (symlink(NOWHERE, nothing) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot make '%s'", nothing);
	r = keep_random(proc, store, err);
	return r < 0 ? r : cover_entries(proc, store, err);
}

/* ---- /dev ----------------------------------------------------------------------------------- */

static int mount_device(const char *dev, const char *name, struct err *err)
{
	cleanup_free char *source = xasprintf("/dev/%s", name);
	cleanup_free char *target = xasprintf("%s/%s", dev, name);
	cleanup_fd int fd = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot make '%s' in the sandbox", target);
	return ns_mount(source, target, NULL, MS_BIND, NULL, err);
}

static int fill_dev(const char *dev, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(device); i++) {
		int r = mount_device(dev, device[i], err);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(device_link); i++) {
		cleanup_free char *path = xasprintf("%s/%s", dev, device_link[i][1]);

		if (symlink(device_link[i][0], path) < 0)
			return err_errno(err, ERR_BUILD, errno, "cannot make '%s'", path);
	}
	return 0;
}

static int mount_dev(const char *root, struct err *err)
{
	cleanup_free char *dev = xasprintf("%s/dev", root);
	cleanup_free char *pts = xasprintf("%s/pts", dev);
	cleanup_free char *shm = xasprintf("%s/shm", dev);
	int r = ns_mount("tmpfs", dev, "tmpfs", MS_NOSUID | MS_NOEXEC,
			 "mode=0755,size=64m,nr_inodes=4096", err);

	if (r < 0)
		return r;
	r = fill_dev(dev, err);
	if (r < 0)
		return r;
	if (mkdir(pts, 0755) < 0 || mkdir(shm, 01777) < 0 || chmod(shm, 01777) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot make directories in '%s'", dev);
	return ns_mount("devpts", pts, "devpts", MS_NOSUID | MS_NOEXEC,
			"newinstance,ptmxmode=0666,mode=0620,gid=5", err);
}

int ns_world_mount(struct ns *ns, const char *new_root, const char *store, struct err *err)
{
	int r;

	ns->world = open(store, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ns->world < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot open '%s'", store);
	r = ns_world_files(ns, err);
	if (r < 0)
		return r;
	r = mount_dev(new_root, err);
	return r < 0 ? r : mount_proc(ns, new_root, store, err);
}
