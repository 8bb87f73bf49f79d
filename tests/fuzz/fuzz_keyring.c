/* SPDX-License-Identifier: MIT */
/* A keyring, binary or armoured, which gpgv gets decoded. */
#include <unistd.h>

#include "archive/keyring.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_free char *path = fuzz_path("x.asc");
	cleanup_fd int fd = -1;

	fuzz_file("x.asc", data, size);
	if (keyring_open(path, NULL, &fd, &err) == 0)
		assert(fd >= 0);
	return 0;
}
