/* SPDX-License-Identifier: MIT */
/*
 * What a unit test hands to a parser is a good beginning for fuzzing, too: if NETRESCUE_SEEDS names
 * a directory, seed() writes the bytes to NETRESCUE_SEEDS/TARGET/DIGEST. tests/fuzz/seeds sets it.
 */
#pragma once

#include <errno.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/io.h"
#include "base/memory.h"
#include "unit.h"

__attribute__((unused)) static void seed(const char *target, const void *data, size_t size)
{
	const char *directory = getenv("NETRESCUE_SEEDS");
	char digest[DIGEST_HEX];

	if (!directory)
		return;
	digest_bytes(data, size, digest);
	cleanup_free char *folder = xasprintf("%s/%s", directory, target);
	cleanup_free char *path = xasprintf("%s/%s", folder, digest);
	assert_true(mkdir(folder, 0755) == 0 || errno == EEXIST);
	cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_int_equal(write_all(fd, data, size), 0);
}

/* The same for a whole file, whose position stays as it is. */
__attribute__((unused)) static void seed_fd(const char *target, int fd)
{
	struct stat st;

	if (!getenv("NETRESCUE_SEEDS"))
		return;
	assert_int_equal(fstat(fd, &st), 0);
	cleanup_free char *data = xmalloc((size_t)st.st_size + 1);
	assert_int_equal(pread(fd, data, (size_t)st.st_size, 0), st.st_size);
	seed(target, data, (size_t)st.st_size);
}
