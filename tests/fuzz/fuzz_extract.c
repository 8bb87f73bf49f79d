/* SPDX-License-Identifier: MIT */
/* A tar, or the data of a .deb, that is unpacked. Nothing may appear outside the directory, whose
 * neighbour is watched. */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "tar/extract.h"

/* The sandbox's file system has an end, too. */
#define FILE_MOST ((rlim_t)64 << 20)

static void limit_files(void)
{
	static bool done;
	const struct rlimit limit = { FILE_MOST, FILE_MOST };

	if (done)
		return;
	done = true;
	assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	assert(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

static void check_neighbour(void)
{
	struct stat st;

	assert(fstatat(fuzz_dirfd(), "outside/file", &st, AT_SYMLINK_NOFOLLOW) == 0);
	assert(S_ISREG(st.st_mode) && st.st_size == 4 && st.st_nlink == 1 &&
	       (st.st_mode & 07777) == 0644);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_fd int root = fuzz_empty("root");
	cleanup_fd int archive = size ? fuzz_fd(data + 1, size - 1) : fuzz_fd(NULL, 0);

	limit_files();
	fuzz_file("outside/file", "safe", 4);
	if (size && data[0] % 2)
		(void)extract_deb(archive, root, data[0] % 4 == 1, "x", &err);
	else
		(void)extract_tar(archive, root, "x", &err);
	check_neighbour();
	assert(faccessat(fuzz_dirfd(), "outside/x", F_OK, AT_SYMLINK_NOFOLLOW) < 0);
	return 0;
}
