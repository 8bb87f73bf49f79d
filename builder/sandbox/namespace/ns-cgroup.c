/* SPDX-License-Identifier: MIT */
/*
 * A control group of version 2 for the sandbox (the kernel's admin-guide/cgroup-v2), where the one
 * that we run in was handed over to us: by systemd with Delegate=yes, or as the root of a
 * container's own cgroup namespace. Then the kernel counts what the watch (ns-watch.c) cannot see,
 * such as files without a name. When it kills a process for that, the watch says so.
 *
 *	OWN/			the group that was handed over; no process may stay in it
 *	OWN/netrescue.PID	for those that were in it, which are the main program, we, and
 *				whoever started us
 *	OWN/sandbox.PID		for the server and all its children, with limits
 *
 * Where somebody else is in the group it is left alone, and so is one that was not handed over,
 * although root could write there: other groups are systemd's, and one beside ours could escape
 * the limits of ours. Nothing here is an error.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/text.h"
#include "sandbox/namespace/ns.h"

#define ROOT "/sys/fs/cgroup"
#define FILE_MAX ((size_t)64 << 10)
#define ANCESTORS_MAX 256
#define MEMORY_BESIDE (64ULL << 20)

static bool read_text(int dir, const char *file, struct text *ret)
{
	CLEANUP(err_release) struct err ignored = { 0 };

	return faccessat(dir, file, R_OK, 0) == 0 &&
	       read_file(dir, file, FILE_MAX, ret, &ignored) == 0;
}

static bool write_text(int dir, const char *file, const char *value)
{
	cleanup_fd int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);
}

static bool write_number(int dir, const char *file, uint64_t value)
{
	cleanup_free char *text = xasprintf("%llu", (unsigned long long)value);

	return write_text(dir, file, text);
}

/* ---- whether it is ours --------------------------------------------------------------------- */

static bool is_marked(int group)
{
	static const char *const mark[] = { "user.delegate", "trusted.delegate" };
	char value[2];

	for (size_t i = 0; i < ARRAY_SIZE(mark); i++)
		if (fgetxattr(group, mark[i], value, sizeof(value)) == 1 && value[0] == '1')
			return true;
	return false;
}

/* Our group, if it was handed over, or -1. */
static int open_own(void)
{
	CLEANUP(text_release) struct text t = { 0 };
	CLEANUP(strv_release) struct strv line = { 0 };
	struct statfs fs;

	if (!read_text(AT_FDCWD, "/proc/self/cgroup", &t))
		return -1;
	strv_split(&line, t.data, "\n");
	if (line.count == 0 || !starts_with(line.item[line.count - 1], "0::/"))
		return -1;
	const char *name = line.item[line.count - 1] + strlen("0::");
	cleanup_free char *path = xasprintf(ROOT "%s", name);
	cleanup_fd int group = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (group < 0 || fstatfs(group, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
		return -1;
	/* The machine's root group has no cgroup.type; a container's has. */
	if (!is_marked(group) &&
	    !(streq(name, "/") && faccessat(group, "cgroup.type", F_OK, 0) == 0))
		return -1;
	return take_fd(&group);
}

static bool has_word(int dir, const char *file, const char *word)
{
	CLEANUP(text_release) struct text t = { 0 };
	CLEANUP(strv_release) struct strv words = { 0 };

	if (!read_text(dir, file, &t))
		return false;
	strv_split(&words, t.data, " \n");
	for (size_t i = 0; i < words.count; i++)
		if (streq(words.item[i], word))
			return true;
	return false;
}

static pid_t parent_of(pid_t pid)
{
	CLEANUP(text_release) struct text t = { 0 };
	cleanup_free char *path = xasprintf("/proc/%d/status", (int)pid);
	const char *line;

	if (!read_text(AT_FDCWD, path, &t))
		return 0;
	line = strstr(t.data, "\nPPid:");
	return line ? (pid_t)strtol(line + strlen("\nPPid:"), NULL, 10) : 0;
}

static bool is_ours(pid_t pid)
{
	pid_t one = getpid();

	for (unsigned i = 0; i < ANCESTORS_MAX && one > 0; i++, one = parent_of(one))
		if (one == pid)
			return true;
	return false;
}

/* Moves all processes of a group into another, if they are all ours. */
static bool move_all(int from, int to)
{
	CLEANUP(text_release) struct text t = { 0 };
	CLEANUP(strv_release) struct strv pid = { 0 };

	if (!read_text(from, "cgroup.procs", &t))
		return false;
	strv_split(&pid, t.data, "\n");
	for (size_t i = 0; i < pid.count; i++)
		if (!is_ours((pid_t)strtol(pid.item[i], NULL, 10)))
			return false;
	for (size_t i = 0; i < pid.count; i++)
		if (!write_text(to, "cgroup.procs", pid.item[i]))
			return false;
	return true;
}

/* ---- making and removing it ----------------------------------------------------------------- */

static int make_group(int own, const char *name)
{
	if (mkdirat(own, name, 0755) < 0)
		return -1;
	return openat(own, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* A little more than the watch allows, which is mostly the first to notice then. */
static bool set_limits(int box, const struct sandbox_limits *limits)
{
	uint64_t memory = limits->memory;

	if (memory <= INT64_MAX / 2 &&
	    !write_number(box, "memory.max", memory + memory / 10 + MEMORY_BESIDE))
		return false;
	return write_number(box, "pids.max", limits->processes + NS_PROCESSES_BESIDE);
}

static bool make_groups(struct ns_cgroup *c, const struct sandbox_limits *limits)
{
	c->rest_name = xasprintf("netrescue.%d", (int)getpid());
	c->box_name = xasprintf("sandbox.%d", (int)getpid());
	c->rest = make_group(c->own, c->rest_name);
	if (c->rest < 0 || !move_all(c->own, c->rest) ||
	    !write_text(c->own, "cgroup.subtree_control", "+memory +pids"))
		return false;
	c->box = make_group(c->own, c->box_name);
	if (c->box < 0 || !set_limits(c->box, limits))
		return false;
	c->events = openat(c->box, "memory.events", O_RDONLY | O_CLOEXEC);
	return c->events >= 0;
}

void ns_cgroup_make(struct ns_cgroup *c, const struct sandbox_limits *limits)
{
	*c = (struct ns_cgroup)NS_CGROUP_INIT;
	c->own = open_own();
	if (c->own < 0)
		return;
	if (!has_word(c->own, "cgroup.controllers", "memory") ||
	    !has_word(c->own, "cgroup.controllers", "pids") || !make_groups(c, limits))
		ns_cgroup_release(c);
}

void ns_cgroup_enter(const struct ns_cgroup *c, bool enter)
{
	if (c->box >= 0)
		(void)write_number(enter ? c->box : c->rest, "cgroup.procs", (uint64_t)getpid());
}

bool ns_cgroup_was_full(int events)
{
	char text[1024];
	ssize_t n = events < 0 ? -1 : pread(events, text, sizeof(text) - 1, 0);
	const char *line;

	if (n < 0)
		return false;
	text[n] = '\0';
	line = strstr(text, "\noom_kill ");
	return line && strtoull(line + strlen("\noom_kill "), NULL, 10) > 0;
}

static void close_all(struct ns_cgroup *c)
{
	int *const fd[] = { &c->events, &c->box, &c->rest, &c->own };

	for (size_t i = 0; i < ARRAY_SIZE(fd); i++)
		if (*fd[i] >= 0)
			(void)close(take_fd(fd[i]));
	free(take_ptr(c->box_name));
	free(take_ptr(c->rest_name));
}

int ns_cgroup_keep_events(struct ns_cgroup *c)
{
	int events = take_fd(&c->events);

	close_all(c);
	return events;
}

void ns_cgroup_release(struct ns_cgroup *c)
{
	if (c->box_name)
		(void)unlinkat(c->own, c->box_name, AT_REMOVEDIR);
	if (c->rest >= 0) {
		(void)write_text(c->own, "cgroup.subtree_control", "-memory -pids");
		(void)move_all(c->rest, c->own);
	}
	if (c->rest_name)
		(void)unlinkat(c->own, c->rest_name, AT_REMOVEDIR);
	close_all(c);
}
