/* SPDX-License-Identifier: MIT */
#include "base/resources.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/text.h"

#define PROC_FILE_MAX ((size_t)64 << 10)

/* A line of /proc/meminfo, "MemAvailable:  24415448 kB", in bytes. 0 if there is none. */
static uint64_t machine_memory(const char *root, const char *name)
{
	cleanup_free char *path = xasprintf("%s/proc/meminfo", root);
	CLEANUP(err_release) struct err ignored = { 0 };
	CLEANUP(text_release) struct text t = { 0 };
	unsigned long long kb = 0;
	const char *line;

	if (read_file(AT_FDCWD, path, PROC_FILE_MAX, &t, &ignored) < 0)
		return 0;
	line = strstr(t.data, name);
	return line && sscanf(line + strlen(name), ": %llu kB", &kb) == 1 ? kb << 10 : 0;
}

/* A file of one number; `otherwise` if there is none in it ("max"). */
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

/* What control groups can limit: the names of the controller and its files. */
struct controller {
	const char *name;
	const char *limit[2], *used[2]; /* in version 1, in version 2 */
};

static const struct controller memory = {
	.name = "memory",
	.limit = { "memory.limit_in_bytes", "memory.max" },
	.used = { "memory.usage_in_bytes", "memory.current" },
};
static const struct controller processes = {
	.name = "pids",
	.limit = { "pids.max", "pids.max" },
	.used = { "pids.current", "pids.current" },
};

/* What a control group and all groups above it still allow. */
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
static uint64_t groups_available(const char *root, const struct controller *c)
{
	cleanup_free char *path = xasprintf("%s/proc/self/cgroup", root);
	cleanup_free char *second = xasprintf("%s/sys/fs/cgroup", root);
	cleanup_free char *first = xasprintf("%s/sys/fs/cgroup/%s", root, c->name);
	cleanup_free char *mark = xasprintf(":%s:", c->name);
	CLEANUP(err_release) struct err ignored = { 0 };
	CLEANUP(text_release) struct text t = { 0 };
	CLEANUP(strv_release) struct strv lines = { 0 };
	uint64_t least = UINT64_MAX;

	if (read_file(AT_FDCWD, path, PROC_FILE_MAX, &t, &ignored) < 0)
		return least;
	strv_split(&lines, t.data, "\n");
	for (size_t i = 0; i < lines.count; i++) {
		const char *v1 = strstr(lines.item[i], mark);
		uint64_t here = UINT64_MAX;

		if (starts_with(lines.item[i], "0::"))
			here = group_available(second, lines.item[i] + 3, c->limit[1], c->used[1]);
		else if (v1)
			here = group_available(first, v1 + strlen(mark), c->limit[0], c->used[0]);
		least = here < least ? here : least;
	}
	return least;
}

uint64_t memory_available_below(const char *root)
{
	uint64_t machine = machine_memory(root, "MemAvailable");
	uint64_t groups = groups_available(root, &memory);

	return groups < machine ? groups : machine;
}

uint64_t memory_available(void)
{
	return memory_available_below("");
}

uint64_t memory_and_swap_available_below(const char *root)
{
	uint64_t machine = machine_memory(root, "MemAvailable");
	uint64_t groups = groups_available(root, &memory);

	if (machine > 0)
		machine += machine_memory(root, "SwapFree");
	return groups < machine ? groups : machine;
}

uint64_t memory_and_swap_available(void)
{
	return memory_and_swap_available_below("");
}

uint64_t processes_available_below(const char *root)
{
	uint64_t threads = read_number(root, "/proc/sys/kernel", "threads-max", UINT64_MAX);
	uint64_t groups = groups_available(root, &processes);

	return groups < threads ? groups : threads;
}

uint64_t processes_available(void)
{
	uint64_t most = processes_available_below("");
	struct rlimit own;

	if (getrlimit(RLIMIT_NPROC, &own) == 0 && own.rlim_cur != RLIM_INFINITY &&
	    own.rlim_cur < most)
		most = own.rlim_cur;
	return most;
}

unsigned processors_available(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}
