/* SPDX-License-Identifier: MIT */
/*
 * For tests that mount something: a process of their own, whose mounts nobody else sees and which
 * end with it. in_child(can_mount) is 1 where that is allowed.
 */
#pragma once

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "unit.h"

/* Runs fn in a process of its own and returns its exit status. */
__attribute__((unused)) static int in_child(int (*fn)(void))
{
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(fn());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* To be called in the child: gives it mounts of its own. */
__attribute__((unused)) static int can_mount(void)
{
	return unshare((geteuid() != 0 ? CLONE_NEWUSER : 0) | CLONE_NEWNS) == 0 &&
	       mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}
