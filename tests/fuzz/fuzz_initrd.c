/* SPDX-License-Identifier: MIT */
/*
 * An initrd: cpio archives one behind the other, the last of which may be compressed.
 */
#include "fuzz.h"
#include "tar/members.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_fd int fd = fuzz_fd(data, size);
	CLEANUP(members_release) struct members members = { 0 };
	CLEANUP(err_release) struct err err = { 0 };

	if (members_read_initrd(fd, NULL, &members, &err) < 0)
		return 0;
	for (size_t i = 0; i < members.count; i++)
		assert(members_find(&members, members.item[i].path));
	return 0;
}
