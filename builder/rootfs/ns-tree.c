/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "base/io.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "rootfs/ns.h"

#define PROC_FILE_MAX ((size_t)64 << 10)
/* What the builder and the image's own programs (mkinitramfs, zstd) take beside the tree. */
#define MEMORY_RESERVE (512ULL << 20)
#define STALE_MAX 64

/* "MemAvailable:  24415448 kB" */
static uint64_t memory_available(void)
{
	CLEANUP(err_release) struct err ignored = { 0 };
	CLEANUP(text_release) struct text t = { 0 };
	unsigned long long kb = 0;
	const char *line;

	if (read_file(AT_FDCWD, "/proc/meminfo", PROC_FILE_MAX, &t, &ignored) < 0)
		return 0;
	line = strstr(t.data, "MemAvailable:");
	return line && sscanf(line, "MemAvailable: %llu kB", &kb) == 1 ? kb << 10 : 0;
}

static uint64_t read_number(const char *directory, const char *path, const char *file,
			    uint64_t otherwise)
{
	CLEANUP(err_release) struct err ignored = { 0 };
	CLEANUP(text_release) struct text t = { 0 };
	cleanup_free char *name = xasprintf("%s%s/%s", directory, path, file);
	uint64_t value;

	if (access(name, R_OK) < 0 || read_file(AT_FDCWD, name, 64, &t, &ignored) < 0)
		return otherwise;
	if (t.length > 0 && t.data[t.length - 1] == '\n')
		t.data[--t.length] = '\0';
	return parse_u64(t.data, &value) < 0 ? otherwise : value;
}

/* What may still be used below a control group and all above it. */
static uint64_t group_available(const char *directory, const char *group, const char *limit,
				const char *used)
{
	cleanup_free char *path = xstrdup(group);
	uint64_t least = UINT64_MAX;

	for (;;) {
		uint64_t most = read_number(directory, path, limit, UINT64_MAX);
		uint64_t now = read_number(directory, path, used, 0);
		char *slash = strrchr(path, '/');

		if (most != UINT64_MAX && (most > now ? most - now : 0) < least)
			least = most > now ? most - now : 0;
		if (!slash)
			return least;
		*slash = '\0';
	}
}

/* cgroups(7): "0::/path" is version 2, "N:memory:/path" version 1. */
static uint64_t groups_available(void)
{
	CLEANUP(err_release) struct err ignored = { 0 };
	CLEANUP(text_release) struct text t = { 0 };
	CLEANUP(strv_release) struct strv lines = { 0 };
	uint64_t least = UINT64_MAX;

	if (read_file(AT_FDCWD, "/proc/self/cgroup", PROC_FILE_MAX, &t, &ignored) < 0)
		return least;
	strv_split(&lines, t.data, "\n");
	for (size_t i = 0; i < lines.count; i++) {
		const char *v1 = strstr(lines.item[i], ":memory:");
		uint64_t here = UINT64_MAX;

		if (starts_with(lines.item[i], "0::"))
			here = group_available("/sys/fs/cgroup", lines.item[i] + 3, "memory.max",
					       "memory.current");
		else if (v1)
			here = group_available("/sys/fs/cgroup/memory", v1 + strlen(":memory:"),
					       "memory.limit_in_bytes", "memory.usage_in_bytes");
		least = here < least ? here : least;
	}
	return least;
}

static void remove_inside(const struct ns_tree *t)
{
	CLEANUP(err_release) struct err err = { 0 };

	if (remove_tree(t->parent, t->name, &err) < 0) {
		err_wrap(&err, "removing the sandbox's tree '%s'", t->name);
		err_print(&err, stderr);
	}
}

/* An ordinary user's trees belong to the ids of its range: only their own root can remove them. */
static void remove_as_owner(const struct ns_tree *t)
{
	CLEANUP(err_release) struct err err = { 0 };
	int pidfd = -1;
	pid_t pid;

	if (!t->map.by_helper) {
		remove_inside(t);
		return;
	}
	pid = ns_fork(0, &t->map, &pidfd, &err);
	if (pid == 0) {
		remove_inside(t);
		_exit(0);
	}
	if (pid < 0) {
		err_print(&err, stderr);
		return;
	}
	(void)waitpid(pid, NULL, 0);
	(void)close(pidfd);
}

static bool is_same_file(int dirfd, const char *name, int fd)
{
	struct stat a, b;

	return fstatat(dirfd, name, &a, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &b) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Whoever uses a tree holds its lock; the kernel lets go of it when he dies. */
static int open_tree_directory(int parent, const char *name)
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

static void list_trees(int parent, struct strv *ret)
{
	int fd = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	while (d && ret->count < STALE_MAX && (e = readdir(d)))
		if (e->d_name[0] != '.')
			strv_add(ret, e->d_name);
	if (d)
		(void)closedir(d);
	else if (fd >= 0)
		(void)close(fd);
}

static void remove_stale(int parent)
{
	CLEANUP(strv_release) struct strv names = { 0 };

	list_trees(parent, &names);
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP(err_release) struct err err = { 0 };
		cleanup_fd int fd = open_tree_directory(parent, names.item[i]);
		struct ns_tree t = { .parent = parent, .name = names.item[i], .fd = -1 };

		if (fd < 0)
			continue;
		log_note("removing the sandbox tree '%s' that an interrupted build left",
			 names.item[i]);
		if (ns_map_plan(true, &t.map, &err) < 0)
			err_print(&err, stderr);
		else
			remove_as_owner(&t);
	}
}

static int no_directory(struct err *err)
{
	return err_errno(err, ERR_BUILD, errno, "cannot make a directory for the sandbox's tree");
}

/* The store's directory may have a default ACL, which what is made in it inherits: down to the
 * files of the image. */
static int make_plain(int fd, mode_t mode, struct err *err)
{
	static const char *const acl[] = { "system.posix_acl_default", "system.posix_acl_access" };

	for (size_t i = 0; i < sizeof(acl) / sizeof(acl[0]); i++)
		if (fremovexattr(fd, acl[i]) < 0 && errno != ENODATA && errno != EOPNOTSUPP)
			return err_errno(err, ERR_BUILD, errno,
					 "cannot remove the ACL of the sandbox's directory");
	return fchmod(fd, mode) < 0 ? no_directory(err) : 0;
}

static int make_box(const struct ns_tree *t, struct err *err)
{
	cleanup_fd int box = -1;
	int r;

	if (mkdirat(t->fd, "box", 0755) < 0)
		return no_directory(err);
	box = openat(t->fd, "box", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (box < 0)
		return no_directory(err);
	r = make_plain(box, 0755, err);
	if (r < 0)
		return r;
	if (!t->map.by_helper && fchown(box, t->map.uid[0].outside, t->map.gid[0].outside) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot give the sandbox its directory");
	return 0;
}

/* PID.RANDOM/box: the outer one is ours and carries the lock, the inner one becomes the inside's.
 * Nobody else gets through the outer one: the image has programs that are setuid. */
static int make_directory(struct ns_tree *t, struct err *err)
{
	int r;

	while (t->fd < 0) {
		unsigned random = 0;

		free(t->name);
		if (getrandom(&random, sizeof(random), 0) != sizeof(random))
			return err_errno(err, ERR_BUILD, errno, "cannot get a random name");
		t->name = xasprintf("%d.%08x", (int)getpid(), random);
		if (mkdirat(t->parent, t->name, 0700) < 0 && errno != EEXIST)
			return no_directory(err);
		/* Somebody who looks for stale ones may be quicker: then once more. */
		t->fd = open_tree_directory(t->parent, t->name);
	}
	r = make_plain(t->fd, 0700, err);
	return r < 0 ? r : make_box(t, err);
}

int ns_tree_choose(const struct ns_options *options, struct ns_tree *ret, struct err *err)
{
	struct ns_tree t = { .fd = -1, .parent = options->trees };
	uint64_t need = options->space + options->space / 10 * 3 + MEMORY_RESERVE;
	uint64_t available = memory_available(), group = groups_available();
	int r;

	remove_stale(options->trees);
	available = group < available ? group : available;
	t.on_disk = options->on_disk || need >= available;
	t.size = available / 10 * 8;
	r = ns_map_plan(t.on_disk, &t.map, err);
	if (r == 0 && t.on_disk)
		r = make_directory(&t, err);
	if (r < 0)
		ns_tree_release(&t);
	else
		*ret = t;
	return r;
}

void ns_tree_release(struct ns_tree *t)
{
	if (t->fd >= 0) {
		remove_as_owner(t);
		(void)close(take_fd(&t->fd));
	}
	free(t->name);
	t->name = NULL;
}
