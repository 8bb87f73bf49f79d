/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/child.h"
#include "base/io.h"
#include "base/memory.h"
#include "base/subids.h"
#include "base/text.h"
#include "sandbox/namespace/ns.h"

#define PROC_FILE_MAX ((size_t)64 << 10)

/* In a container that maps only some ids the high ones do not exist. Then *ret is set, to the end
 * of the first range that is large enough. */
static int own_range(const char *path, uint32_t *ret, struct err *err)
{
	CLEANUP(text_release) struct text t = { 0 };
	CLEANUP(strv_release) struct strv lines = { 0 };
	uint64_t first, outside, count;
	int r = read_file(AT_FDCWD, path, PROC_FILE_MAX, &t, err);

	if (r < 0)
		return r;
	strv_split(&lines, t.data, "\n");
	for (size_t i = 0; i < lines.count; i++) {
		CLEANUP(strv_release) struct strv field = { 0 };

		strv_split(&field, lines.item[i], " ");
		if (field.count != 3 || parse_u64(field.item[0], &first) < 0 ||
		    parse_u64(field.item[1], &outside) < 0 || parse_u64(field.item[2], &count) < 0)
			continue;
		if (first <= SUBIDS_HIGH_FIRST &&
		    first + count > (uint64_t)SUBIDS_HIGH_LAST + NS_IDS)
			return 0;
		if (count >= 2 * NS_IDS) {
			*ret = (uint32_t)(first + count - NS_IDS);
			return 0;
		}
	}
	err_set(err, ERR_BUILD,
		"this container's user namespace has no %u ids to spare for the sandbox (%s)",
		NS_IDS, path);
	return err_hint(err, "give the container a range of at least 131072 ids, or build on the "
			     "host as an ordinary user with a range in " SUBUID_FILE);
}

static int plan_root(struct ns_map *map, struct err *err)
{
	uint32_t first;
	int r = subids_find_unused(&first, err);

	if (r < 0)
		return r;
	map->uid[0] = (struct ns_extent){ 0, first, NS_IDS };
	map->gid[0] = map->uid[0];
	r = own_range("/proc/self/uid_map", &map->uid[0].outside, err);
	if (r < 0)
		return r;
	return own_range("/proc/self/gid_map", &map->gid[0].outside, err);
}

/* The caller's range in the file, or one with count 0. */
static int find_own(const char *path, const char *name, struct ns_extent *ret, struct err *err)
{
	CLEANUP(subids_release) struct subids mine = { 0 };
	int r = subids_read(path, name, geteuid(), &mine, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < mine.count; i++) {
		if (mine.item[i].count < NS_IDS || mine.item[i].first + NS_IDS > UINT32_MAX)
			continue;
		*ret = (struct ns_extent){ 0, (uint32_t)mine.item[i].first, NS_IDS };
		return 0;
	}
	return 0;
}

/* Names the file that has no range for the user, and the command that adds one nobody else has. */
static int no_range(const char *name, bool has_uid, bool has_gid, struct err *err)
{
	CLEANUP(subids_release) struct subids taken = { 0 };
	CLEANUP(text_release) struct text options = { 0 };
	uint64_t first = 100000;
	int r = subids_read_taken(&taken, err);

	if (r < 0)
		return r;
	while (subids_overlap(&taken, first, NS_IDS))
		first += NS_IDS;
	if (!has_uid)
		text_printf(&options, " --add-subuids %llu-%llu", (unsigned long long)first,
			    (unsigned long long)first + NS_IDS - 1);
	if (!has_gid)
		text_printf(&options, " --add-subgids %llu-%llu", (unsigned long long)first,
			    (unsigned long long)first + NS_IDS - 1);
	err_set(err, ERR_BUILD, "%s gives user '%s' no range of %u ids, which the sandbox needs",
		has_uid ? SUBGID_FILE : SUBUID_FILE, name, NS_IDS);
	return err_hint(err, "sudo usermod%s %s", options.data, name);
}

static int plan_user(struct ns_map *map, struct err *err)
{
	const struct passwd *pw = getpwuid(geteuid());
	cleanup_free char *name = pw ? xstrdup(pw->pw_name) : xasprintf("%u", (unsigned)geteuid());
	int r = find_own(SUBUID_FILE, name, &map->uid[0], err);

	if (r < 0)
		return r;
	r = find_own(SUBGID_FILE, name, &map->gid[0], err);
	if (r < 0)
		return r;
	if (map->uid[0].count == 0 || map->gid[0].count == 0)
		return no_range(name, map->uid[0].count > 0, map->gid[0].count > 0, err);
	return 0;
}

int ns_map_plan(bool own_ids, struct ns_map *ret, struct err *err)
{
	struct ns_map map = { .count = 1, .by_helper = geteuid() != 0 };
	int r = map.by_helper ? plan_user(&map, err) : plan_root(&map, err);

	if (r < 0)
		return r;
	if (map.by_helper && own_ids) {
		map.uid[1] = (struct ns_extent){ NS_IDS, geteuid(), 1 };
		map.gid[1] = (struct ns_extent){ NS_IDS, getegid(), 1 };
		map.count = 2;
	}
	*ret = map;
	return 0;
}

static int write_directly(const char *file, const struct ns_extent *extent, size_t count, pid_t pid,
			  struct err *err)
{
	CLEANUP(text_release) struct text t = { 0 };
	cleanup_free char *path = xasprintf("/proc/%d/%s", (int)pid, file);
	cleanup_fd int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot open '%s'", path);
	for (size_t i = 0; i < count; i++)
		text_printf(&t, "%u %u %u\n", extent[i].inside, extent[i].outside, extent[i].count);
	if (write(fd, t.data, t.length) < 0) {
		err_errno(err, ERR_BUILD, errno, "cannot map ids for the sandbox ('%s')", path);
		return err_hint(err,
				"root needs CAP_SETUID and CAP_SETGID here; in a container run as "
				"an ordinary user, or give the container these capabilities");
	}
	return 0;
}

static int write_by_helper(const char *program, const struct ns_extent *extent, size_t count,
			   pid_t pid, struct err *err)
{
	CLEANUP(strv_release) struct strv argv = { 0 };
	int r;

	strv_add(&argv, program);
	strv_addf(&argv, "%d", (int)pid);
	for (size_t i = 0; i < count; i++) {
		strv_addf(&argv, "%u", extent[i].inside);
		strv_addf(&argv, "%u", extent[i].outside);
		strv_addf(&argv, "%u", extent[i].count);
	}
	r = child_run(&(struct child_options){ .argv = (const char *const *)argv.item }, 4096, NULL,
		      err);
	if (r == -ENOENT) {
		free(err->hint);
		err->hint = xstrdup("sudo apt install uidmap");
		return r;
	}
	if (r < 0)
		return err_hint(err,
				"%s must be setuid root (package uidmap) and on a file system "
				"that is not mounted nosuid",
				program);
	return 0;
}

static int write_map(const struct ns_map *map, pid_t pid, struct err *err)
{
	int r;

	if (!map->by_helper) {
		r = write_directly("uid_map", map->uid, map->count, pid, err);
		return r < 0 ? r : write_directly("gid_map", map->gid, map->count, pid, err);
	}
	r = write_by_helper("newuidmap", map->uid, map->count, pid, err);
	return r < 0 ? r : write_by_helper("newgidmap", map->gid, map->count, pid, err);
}

static bool sysctl_says(const char *path, const char *value)
{
	CLEANUP(err_release) struct err ignored = { 0 };
	CLEANUP(text_release) struct text t = { 0 };

	return read_file(AT_FDCWD, path, 64, &t, &ignored) == 0 && starts_with(t.data, value) &&
	       (t.data[strlen(value)] == '\n' || t.data[strlen(value)] == '\0');
}

int ns_hint_refused(struct err *err)
{
	if (sysctl_says("/proc/sys/kernel/unprivileged_userns_clone", "0"))
		return err_hint(err, "sudo sysctl kernel.unprivileged_userns_clone=1");
	if (sysctl_says("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1"))
		return err_hint(err, "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0");
	return err_hint(err, "a container has to permit this: --security-opt seccomp=unconfined "
			     "--security-opt apparmor=unconfined and, for docker, --security-opt "
			     "systempaths=unconfined, for podman --security-opt unmask=ALL");
}

static int no_namespace(int errnum, struct err *err)
{
	/* This ENOSPC is no full disk, as its text and hint would say, but a limit of
	 * user.max_*_namespaces. */
	if (errnum == ENOSPC) {
		err_set(err, ERR_BUILD,
			"cannot make the sandbox's namespaces: their number is limited");
		return err_hint(err, "sudo sysctl user.max_user_namespaces=15000, and the other "
				     "user.max_*_namespaces if they are as low");
	}
	err_errno(err, ERR_BUILD, errnum, "cannot make the sandbox's namespaces");
	return ns_hint_refused(err);
}

/* If the keeper dies before PR_SET_PDEATHSIG is in force, the server sees its socket close, and
 * ends. */
static void become_root(int go)
{
	char byte;

	/* Nothing arrives if the parent failed, which it has reported itself. */
	if (read(go, &byte, 1) != 1)
		_exit(1);
	if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		_exit(1);
	/* Set after the change of ids, which clears it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		_exit(1);
}

/* The parent's part: writes the maps and lets the child go. */
static int release_child(pid_t pid, const struct ns_map *map, int go, int *ret_pidfd,
			 struct err *err)
{
	cleanup_fd int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	int r;

	if (pidfd < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot watch the sandbox (pidfd_open)");
	r = write_map(map, pid, err);
	if (r < 0)
		return r;
	if (write(go, "g", 1) != 1)
		return err_set(err, ERR_BUILD, "the sandbox ended as soon as it was started");
	*ret_pidfd = take_fd(&pidfd);
	return 0;
}

pid_t ns_fork(int flags, const struct ns_map *map, int *ret_pidfd, struct err *err)
{
	int go[2];
	pid_t pid;
	int r;

	if (pipe2(go, O_CLOEXEC) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot make a pipe");
	cleanup_fd int go_read = go[0];
	cleanup_fd int go_write = go[1];
	pid = (pid_t)syscall(SYS_clone, (unsigned long)(flags | CLONE_NEWUSER | SIGCHLD), NULL,
			     NULL, NULL, 0UL);
	if (pid < 0)
		return no_namespace(errno, err);
	if (pid == 0) {
		(void)close(take_fd(&go_write));
		become_root(go_read);
		return 0;
	}
	r = release_child(pid, map, go_write, ret_pidfd, err);
	if (r < 0) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
		return r;
	}
	return pid;
}
