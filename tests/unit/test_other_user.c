/* SPDX-License-Identifier: MIT */
/* Whose processes may still change what a rebuild wrote, by their /proc/PID/status. */
#include "unit.h"

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/text.h"
#include "verify/other-user.h"

#define STATUS(state, ids, threads)                                                                \
	"Name:\tx\nState:\t" state "\nPid:\t7\nUid:\t" ids                                         \
	"\nGid:\t7\t7\t7\t7\nThreads:\t" threads "\n"

static void counts_who_can_act(void **state)
{
	static const struct {
		const char *status;
		bool acts;
	} row[] = {
		{ STATUS("S (sleeping)", "7\t7\t7\t7", "1"), true },
		{ STATUS("S (sleeping)", "7\t0\t0\t0", "1"), true },
		{ STATUS("S (sleeping)", "0\t0\t7\t0", "1"), true },
		{ STATUS("S (sleeping)", "0\t0\t0\t7", "1"), true },
		{ STATUS("S (sleeping)", "0\t0\t0\t0", "1"), false },
		{ STATUS("S (sleeping)", "77\t77\t77\t77", "7"), false },
		{ STATUS("Z (zombie)", "7\t7\t7\t7", "1"), false },
		/* Its first thread has ended, others have not. */
		{ STATUS("Z (zombie)", "7\t7\t7\t7", "2"), true },
		{ "", false },
	};

	(void)state;
	for (size_t n = 0; n < ARRAY_SIZE(row); n++)
		assert_int_equal(other_user_acts(row[n].status, 7), row[n].acts);
}

static bool acts(pid_t pid)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text t = { 0 };
	cleanup_free char *path = xasprintf("/proc/%d/status", (int)pid);

	assert_int_equal(read_file(AT_FDCWD, path, 65536, &t, &err), 0);
	return other_user_acts(t.data, getuid());
}

static void *wait_for_kill(void *data)
{
	while (pause() < 0)
		continue;
	return data;
}

/* Waits until the process, which nobody has waited for, is a zombie, or its first thread is. */
static void await_zombie(pid_t pid)
{
	cleanup_free char *path = xasprintf("/proc/%d/status", (int)pid);

	for (int round = 0; round < 1000; round++) {
		CLEANUP(err_release) struct err err = { 0 };
		CLEANUP(text_release) struct text t = { 0 };

		assert_int_equal(read_file(AT_FDCWD, path, 65536, &t, &err), 0);
		if (strstr(t.data, "State:\tZ"))
			return;
		(void)usleep(10000);
	}
	fail_msg("the process does not end");
}

/* As the kernel shows them. */
static void tells_zombies_from_threads(void **state)
{
	pid_t pid = fork();
	bool threads_act;

	(void)state;
	if (pid == 0) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, wait_for_kill, NULL) == 0)
			(void)syscall(SYS_exit, 0);
		_exit(1);
	}
	assert_true(pid > 0);
	await_zombie(pid);
	threads_act = acts(pid);
	/* Before anything is asserted, or it would outlive a test that fails. */
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_true(threads_act);
	/* Leaves it as it is. */
	assert_int_equal(waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT), 0);
	assert_false(acts(pid));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_who_can_act),
		cmocka_unit_test(tells_zombies_from_threads),
	};

	return cmocka_run_group_tests_name("other_user", tests, NULL, NULL);
}
