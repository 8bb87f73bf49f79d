/* SPDX-License-Identifier: MIT */
/* The memory of a process that waits in a call. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/memory.h"
#include "sandbox/namespace/ns-record.h"

/* What may only be written to: the kernel reads a path there, process_vm_readv(2) does not. */
static bool read_by_proc(const struct ns_record *r, pid_t pid, uint64_t address, void *data,
			 size_t size)
{
	char name[32];

	(void)snprintf(name, sizeof(name), "%d/mem", (int)pid);
	cleanup_fd int fd = openat(r->ns->proc, name, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && pread(fd, data, size, (off_t)address) == (ssize_t)size;
}

bool ns_record_memory(struct ns_record *r, pid_t pid, uint64_t address, void *data, size_t size)
{
	struct iovec here = { data, size };
	struct iovec there = { (void *)(uintptr_t)address, size };
	ssize_t n = process_vm_readv(pid, &here, 1, &there, 1, 0);

	if (n == (ssize_t)size) {
		r->has_begun = true;
		return true;
	}
	if (n >= 0 || errno == EFAULT)
		return read_by_proc(r, pid, address, data, size);
	/* It is our own fork that is about to run the program, of which note_program() knows. */
	if (errno == EPERM && !r->has_begun)
		return false;
	if (errno != ESRCH) /* a caller that is gone makes no call */
		ns_record_spoil(r, "the memory of its processes cannot be read: %s",
				strerrordesc_np(errno));
	return false;
}
