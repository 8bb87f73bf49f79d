/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <sched.h>

#include "base/memory.h"
#include "base/resources.h"
#include "base/tree.h"

#define MIB ((uint64_t)1 << 20)

/* A file of the machine below the scratch directory, and the directories above it. */
static void machine_file(const char *path, const char *content)
{
	CLEANUP(err_release) struct err err = { 0 };
	const char *slash = strrchr(path, '/');
	cleanup_free char *directory = xstrndup(path, (size_t)(slash - path));

	assert_int_equal(make_dirs(scratch_fd, directory, 0755, &err), 0);
	scratch_file(path, content);
}

static void meminfo(void)
{
	machine_file("proc/meminfo", "MemTotal:       16384000 kB\n"
				     "MemFree:          102400 kB\n"
				     "MemAvailable:    1048576 kB\n");
}

static void assert_available(uint64_t expected)
{
	assert_int_equal(memory_available_below(scratch_path), expected);
}

static void without_control_groups(void **state)
{
	(void)state;
	assert_available(0);
	meminfo();
	assert_available(1024 * MIB);
	machine_file("proc/meminfo", "MemTotal: 16384000 kB\n");
	assert_available(0);
	machine_file("proc/meminfo", "MemAvailable: much kB\n");
	assert_available(0);
}

static void version_2_at_several_levels(void **state)
{
	(void)state;
	meminfo();
	machine_file("proc/self/cgroup", "0::/system.slice/build.service\n");
	machine_file("sys/fs/cgroup/system.slice/build.service/memory.max", "524288000\n");
	machine_file("sys/fs/cgroup/system.slice/build.service/memory.current", "104857600\n");
	assert_available(400 * MIB);
	/* A group above allows less, then more, then does not limit at all. */
	machine_file("sys/fs/cgroup/system.slice/memory.max", "629145600\n");
	machine_file("sys/fs/cgroup/system.slice/memory.current", "524288000\n");
	assert_available(100 * MIB);
	machine_file("sys/fs/cgroup/system.slice/memory.current", "1048576\n");
	assert_available(400 * MIB);
	machine_file("sys/fs/cgroup/system.slice/memory.max", "max\n");
	machine_file("sys/fs/cgroup/system.slice/memory.current", "999999999999\n");
	assert_available(400 * MIB);
	/* More than the machine has is no promise. */
	machine_file("sys/fs/cgroup/system.slice/build.service/memory.max", "99999999999\n");
	assert_available(1024 * MIB);
}

static void version_2_at_the_root(void **state)
{
	(void)state;
	meminfo();
	machine_file("proc/self/cgroup", "0::/\n");
	machine_file("sys/fs/cgroup/memory.max", "104857600\n");
	assert_available(100 * MIB);
	machine_file("sys/fs/cgroup/memory.current", "104857601\n");
	assert_available(0);
}

/* At memory.high the kernel slows a process down; it refuses nothing. */
static void high_is_no_limit(void **state)
{
	(void)state;
	meminfo();
	machine_file("proc/self/cgroup", "0::/a\n");
	machine_file("sys/fs/cgroup/a/memory.high", "1048576\n");
	machine_file("sys/fs/cgroup/a/memory.max", "max\n");
	machine_file("sys/fs/cgroup/a/memory.current", "1048576\n");
	assert_available(1024 * MIB);
}

static void version_1(void **state)
{
	(void)state;
	meminfo();
	machine_file("proc/self/cgroup", "12:pids:/x\n5:memory:/docker/1\n0::/x\n");
	/* Without a limit it is the greatest multiple of a page. */
	machine_file("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
	machine_file("sys/fs/cgroup/memory/memory.usage_in_bytes", "104857600\n");
	assert_available(1024 * MIB);
	machine_file("sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes", "209715200\n");
	machine_file("sys/fs/cgroup/memory/docker/1/memory.usage_in_bytes", "104857600\n");
	assert_available(100 * MIB);
	/* With both, the tighter one holds. */
	machine_file("sys/fs/cgroup/x/memory.max", "52428800\n");
	assert_available(50 * MIB);
}

/* What cannot be understood limits nothing. */
static void nonsense(void **state)
{
	static const char *const limit[] = { "",	"\n",	  "-1\n",
					     "12 MB\n", "0x10\n", "99999999999999999999999\n" };
	static const char *const group[] = { "", "\n", "0\n", "0:/a\n", ":memory\n", "0::\n" };

	(void)state;
	meminfo();
	machine_file("proc/self/cgroup", "0::/a\n");
	for (size_t i = 0; i < ARRAY_SIZE(limit); i++) {
		machine_file("sys/fs/cgroup/a/memory.max", limit[i]);
		assert_available(1024 * MIB);
	}
	machine_file("sys/fs/cgroup/a/memory.max", "1048576\n");
	assert_available(MIB);
	machine_file("sys/fs/cgroup/a/memory.current", "many\n");
	assert_available(MIB);
	for (size_t i = 0; i < ARRAY_SIZE(group); i++) {
		machine_file("proc/self/cgroup", group[i]);
		assert_available(1024 * MIB);
	}
}

static void swap(void **state)
{
	(void)state;
	assert_int_equal(memory_and_swap_available_below(scratch_path), 0);
	machine_file("proc/meminfo",
		     "MemAvailable: 1048576 kB\nSwapTotal: 4 kB\nSwapFree: 1024 kB\n");
	assert_int_equal(memory_and_swap_available_below(scratch_path), 1025 * MIB);
	assert_available(1024 * MIB);
	machine_file("proc/self/cgroup", "0::/a\n");
	machine_file("sys/fs/cgroup/a/memory.max", "104857600\n");
	assert_int_equal(memory_and_swap_available_below(scratch_path), 100 * MIB);
}

static void processes(void **state)
{
	(void)state;
	assert_true(processes_available_below(scratch_path) == UINT64_MAX);
	machine_file("proc/sys/kernel/threads-max", "60000\n");
	assert_int_equal(processes_available_below(scratch_path), 60000);
	machine_file("proc/self/cgroup", "8:pids:/docker/1\n0::/x\n");
	machine_file("sys/fs/cgroup/pids/docker/1/pids.max", "max\n");
	machine_file("sys/fs/cgroup/pids/docker/1/pids.current", "7\n");
	assert_int_equal(processes_available_below(scratch_path), 60000);
	machine_file("sys/fs/cgroup/pids/docker/1/pids.max", "500\n");
	assert_int_equal(processes_available_below(scratch_path), 493);
	machine_file("sys/fs/cgroup/x/pids.max", "100\n");
	assert_int_equal(processes_available_below(scratch_path), 100);
}

static void this_machine(void **state)
{
	(void)state;
	assert_true(memory_available() > 0);
	assert_true(processors_available() >= 1);
}

/* Of all that there are, this process may run on one. */
static void pinned(void **state)
{
	cpu_set_t all, one;
	size_t cpu = 0;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(processors_available(), 1);
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
	assert_int_equal(processors_available(), CPU_COUNT(&all));
}

#define RESOURCES_TEST(f) cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RESOURCES_TEST(without_control_groups),
		RESOURCES_TEST(version_2_at_several_levels),
		RESOURCES_TEST(version_2_at_the_root),
		RESOURCES_TEST(high_is_no_limit),
		RESOURCES_TEST(version_1),
		RESOURCES_TEST(nonsense),
		RESOURCES_TEST(swap),
		RESOURCES_TEST(processes),
		cmocka_unit_test(this_machine),
		cmocka_unit_test(pinned),
	};

	return cmocka_run_group_tests_name("resources", tests, NULL, NULL);
}
