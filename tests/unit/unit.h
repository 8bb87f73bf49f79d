/* SPDX-License-Identifier: MIT */
/*
 * What every unit test needs: cmocka with the headers it wants before it, and a scratch directory.
 *
 *	cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)
 *
 * gives the test its own empty directory: scratch_fd, scratch_path. Removed without io.h, which is
 * itself under test. What a user's state directory would get (base/store-key.h) is in it, too.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int scratch_fd = -1;
static char scratch_path[64];
static char scratch_state[80];

__attribute__((unused)) static int scratch_setup(void **state)
{
	(void)state;
	(void)snprintf(scratch_path, sizeof(scratch_path), "/tmp/netrescue-unit-XXXXXX");
	if (!mkdtemp(scratch_path))
		return -1;
	(void)snprintf(scratch_state, sizeof(scratch_state), "%s/state", scratch_path);
	(void)setenv("XDG_STATE_HOME", scratch_state, 1);
	scratch_fd = open(scratch_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return scratch_fd < 0 ? -1 : 0;
}

__attribute__((unused)) static int scratch_remove(const char *path, const struct stat *st, int type,
						  struct FTW *where)
{
	(void)st;
	(void)where;
	return type == FTW_DP || type == FTW_DNR ? rmdir(path) : unlink(path);
}

__attribute__((unused)) static int scratch_teardown(void **state)
{
	(void)state;
	(void)close(scratch_fd);
	scratch_fd = -1;
	return nftw(scratch_path, scratch_remove, 32, FTW_DEPTH | FTW_PHYS);
}

/* A file in the scratch directory. */
__attribute__((unused)) static void scratch_file(const char *path, const char *content)
{
	int fd = openat(scratch_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
	assert_int_equal(close(fd), 0);
}
