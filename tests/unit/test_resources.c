/* SPDX-License-Identifier: MIT */
/* How much memory may be used, with made-up files over those of /proc and /sys/fs/cgroup. */
#include "mounts.h"

#include "base/io.h"
#include "base/memory.h"
#include "base/resources.h"
#include "base/text.h"

#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)

/* A machine with 1000 MiB to spare. */
#define MEMINFO                                                                                    \
	"MemTotal:        2048000 kB\nMemFree:  5 kB\nMemAvailable:    1024000 kB\nBuffers: 1 kB\n"
#define MACHINE (1000 * MIB)

static void file(const char *path, const char *content)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *parent = xstrndup(path, (size_t)(strrchr(path, '/') - path));

	assert_int_equal(make_dirs(scratch_fd, parent, 0755, &err), 0);
	scratch_file(path, content);
}

/* Whether this machine lets us put something in the place of all three. */
static int can_replace(void)
{
	return can_mount() && mount("/proc/version", "/proc/meminfo", NULL, MS_BIND, NULL) == 0 &&
	       mount("/proc/version", "/proc/self/cgroup", NULL, MS_BIND, NULL) == 0 &&
	       mount("tests/unit", "/sys/fs/cgroup", NULL, MS_BIND, NULL) == 0;
}

/* proc/meminfo, proc/cgroup and sys of the scratch directory take the place of the real ones; what
 * memory_available() says of them goes into the file `result`. */
static int ask(void)
{
	static const char *const over[][2] = { { "proc/meminfo", "/proc/meminfo" },
					       { "proc/cgroup", "/proc/self/cgroup" },
					       { "sys", "/sys/fs/cgroup" } };
	cleanup_free char *result = NULL;

	if (!can_mount())
		return 1;
	for (size_t i = 0; i < sizeof(over) / sizeof(*over); i++) {
		cleanup_free char *source = xasprintf("%s/%s", scratch_path, over[i][0]);

		if (mount(source, over[i][1], NULL, MS_BIND, NULL) < 0)
			return 2;
	}
	result = xasprintf("%llu", (unsigned long long)memory_available());
	scratch_file("result", result);
	return 0;
}

static uint64_t available(const char *meminfo, const char *cgroup)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text t = { 0 };
	uint64_t value;

	file("proc/meminfo", meminfo);
	file("proc/cgroup", cgroup);
	file("sys/there", "");
	assert_int_equal(in_child(ask), 0);
	assert_int_equal(read_file(scratch_fd, "result", 64, &t, &err), 0);
	assert_int_equal(parse_u64(t.data, &value), 0);
	return value;
}

static void without_groups(void **state)
{
	(void)state;
	assert_int_equal(available(MEMINFO, ""), MACHINE);
	assert_int_equal(available(MEMINFO, "0::/\n"), MACHINE);
	/* It is in a group of which nothing is to be seen here, as in some containers. */
	assert_int_equal(available(MEMINFO, "0::/a/b\n5:memory:/c\n"), MACHINE);
	assert_int_equal(available("MemTotal: 5 kB\n", "0::/\n"), 0);
	assert_int_equal(available("MemAvailable: much\n", "0::/\n"), 0);
}

static void version_two(void **state)
{
	(void)state;
	file("sys/a/b/memory.max", "419430400\n");
	file("sys/a/b/memory.current", "104857600\n");
	assert_int_equal(available(MEMINFO, "0::/a/b\n"), 300 * MIB);
	/* More than the machine has. */
	file("sys/a/b/memory.max", "4194304000\n");
	assert_int_equal(available(MEMINFO, "0::/a/b\n"), MACHINE);
	file("sys/a/b/memory.max", "max\n");
	assert_int_equal(available(MEMINFO, "0::/a/b\n"), MACHINE);
	/* Nobody says how much is used. */
	file("sys/a/b/memory.max", "419430400\n");
	assert_int_equal(unlinkat(scratch_fd, "sys/a/b/memory.current", 0), 0);
	assert_int_equal(available(MEMINFO, "0::/a/b\n"), 400 * MIB);
}

static void groups_above(void **state)
{
	(void)state;
	file("sys/a/b/memory.max", "419430400\n");
	file("sys/a/b/memory.current", "104857600\n");
	/* Its neighbours have used what the group above allows to all of them. */
	file("sys/a/memory.max", "838860800\n");
	file("sys/a/memory.current", "786432000\n");
	assert_int_equal(available(MEMINFO, "0::/a/b\n"), 50 * MIB);
	assert_int_equal(available(MEMINFO, "0::/a/c\n"), 50 * MIB);
	assert_int_equal(available(MEMINFO, "0::/ab\n"), MACHINE);
	/* A limit may be lowered below what is used. */
	file("sys/a/memory.max", "1048576\n");
	assert_int_equal(available(MEMINFO, "0::/a/b\n"), 0);
	/* A container sees its own group as the root of all. */
	file("sys/memory.max", "20480\n");
	file("sys/memory.current", "8192\n");
	assert_int_equal(available(MEMINFO, "0::/\n"), 12 * KIB);
}

static void version_one(void **state)
{
	(void)state;
	file("sys/memory/a/memory.limit_in_bytes", "314572800\n");
	file("sys/memory/a/memory.usage_in_bytes", "104857600\n");
	/* That is how version 1 says that there is no limit. */
	file("sys/memory/memory.limit_in_bytes", "9223372036854771712\n");
	file("sys/memory/memory.usage_in_bytes", "838860800\n");
	assert_int_equal(available(MEMINFO, "12:pids:/a\n5:memory:/a\n1:name=systemd:/a\n"),
			 200 * MIB);
	assert_int_equal(available(MEMINFO, "5:memory:/\n"), MACHINE);
	/* Another controller's group has nothing to do with memory. */
	assert_int_equal(available(MEMINFO, "5:cpuset:/a\n"), MACHINE);
}

static void both_versions(void **state)
{
	(void)state;
	file("sys/memory/a/memory.limit_in_bytes", "314572800\n");
	file("sys/memory/a/memory.usage_in_bytes", "0\n");
	file("sys/b/memory.max", "104857600\n");
	file("sys/b/memory.current", "0\n");
	assert_int_equal(available(MEMINFO, "5:memory:/a\n0::/b\n"), 100 * MIB);
	file("sys/b/memory.max", "524288000\n");
	assert_int_equal(available(MEMINFO, "5:memory:/a\n0::/b\n"), 300 * MIB);
}

/* On one processor of them. */
static int pinned(void)
{
	cpu_set_t set;
	int cpu = 0;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 10;
	while (!CPU_ISSET(cpu, &set))
		cpu++;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		return 11;
	return (int)processors_available();
}

static void processors(void **state)
{
	(void)state;
	assert_int_equal(in_child(pinned), 1);
	assert_true(processors_available() >= 1);
}

int main(void)
{
#define SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)
	/* Those that mount come last. */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(processors), SCRATCH(without_groups), SCRATCH(version_two),
		SCRATCH(groups_above),	      SCRATCH(version_one),    SCRATCH(both_versions),
	};
	size_t count = sizeof(tests) / sizeof(tests[0]);

	/* cmocka's skip() is a failure in TAP. */
	if (in_child(can_replace) != 1) {
		print_message(
			"# not run: what control groups allow, for mounting is forbidden here\n");
		count = 1;
	}
	return _cmocka_run_group_tests("resources", tests, count, NULL, NULL);
}
