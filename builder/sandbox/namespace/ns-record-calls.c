/* SPDX-License-Identifier: MIT */
/*
 * The system calls of Linux that name a path, of x86-64 and i386, without those that every command
 * is refused (ns-filter.c). What only takes descriptors is of no interest, as they have come from
 * one of these, but for what changes mode, owner, times or attributes: that may be done to a file
 * that is open to be read.
 */
#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "sandbox/namespace/ns-record.h"

static const struct ns_call calls[] = {
	{ "open", CALL_OPEN, -1, 0, 1, FOLLOW, -1, -1 },
	{ "openat", CALL_OPEN, 0, 1, 2, FOLLOW, -1, -1 },
	{ "openat2", CALL_OPEN2, 0, 1, 2, FOLLOW, -1, -1 },
	{ "creat", CALL_OPEN, -1, 0, -1, FOLLOW, -1, -1 },
	{ "execve", CALL_EXEC, -1, 0, -1, FOLLOW, -1, -1 },
	{ "execveat", CALL_EXEC, 0, 1, 4, FOLLOW_BY_FLAGS, -1, -1 },
	{ "chroot", CALL_CHROOT, -1, 0, -1, FOLLOW, -1, -1 },

	{ "access", CALL_LOOK, -1, 0, -1, FOLLOW, -1, -1 },
	{ "chdir", CALL_LOOK, -1, 0, -1, FOLLOW, -1, -1 },
	{ "faccessat", CALL_LOOK, 0, 1, -1, FOLLOW, -1, -1 },
	{ "faccessat2", CALL_LOOK, 0, 1, 3, FOLLOW_BY_FLAGS, -1, -1 },
	{ "fstatat64", CALL_LOOK, 0, 1, 3, FOLLOW_BY_FLAGS, -1, -1 },
	{ "getxattr", CALL_LOOK, -1, 0, -1, FOLLOW, -1, -1 },
	{ "inotify_add_watch", CALL_LOOK, -1, 1, -1, FOLLOW, -1, -1 },
	{ "lgetxattr", CALL_LOOK, -1, 0, -1, NOFOLLOW, -1, -1 },
	{ "listxattr", CALL_LOOK, -1, 0, -1, FOLLOW, -1, -1 },
	{ "llistxattr", CALL_LOOK, -1, 0, -1, NOFOLLOW, -1, -1 },
	{ "lstat", CALL_LOOK, -1, 0, -1, NOFOLLOW, -1, -1 },
	{ "lstat64", CALL_LOOK, -1, 0, -1, NOFOLLOW, -1, -1 },
	{ "name_to_handle_at", CALL_LOOK, 0, 1, -1, FOLLOW, -1, -1 },
	{ "newfstatat", CALL_LOOK, 0, 1, 3, FOLLOW_BY_FLAGS, -1, -1 },
	{ "oldlstat", CALL_LOOK, -1, 0, -1, NOFOLLOW, -1, -1 },
	{ "oldstat", CALL_LOOK, -1, 0, -1, FOLLOW, -1, -1 },
	{ "readlink", CALL_LOOK, -1, 0, -1, NOFOLLOW, -1, -1 },
	{ "readlinkat", CALL_LOOK, 0, 1, -1, NOFOLLOW, -1, -1 },
	{ "stat", CALL_LOOK, -1, 0, -1, FOLLOW, -1, -1 },
	{ "stat64", CALL_LOOK, -1, 0, -1, FOLLOW, -1, -1 },
	{ "statfs", CALL_LOOK, -1, 0, -1, FOLLOW, -1, -1 },
	{ "statfs64", CALL_LOOK, -1, 0, -1, FOLLOW, -1, -1 },
	{ "statx", CALL_LOOK, 0, 1, 2, FOLLOW_BY_FLAGS, -1, -1 },

	{ "chmod", CALL_CHANGE, -1, 0, -1, FOLLOW, -1, -1 },
	{ "chown", CALL_CHANGE, -1, 0, -1, FOLLOW, -1, -1 },
	{ "chown32", CALL_CHANGE, -1, 0, -1, FOLLOW, -1, -1 },
	{ "fchmodat", CALL_CHANGE, 0, 1, -1, FOLLOW, -1, -1 },
	{ "fchmodat2", CALL_CHANGE, 0, 1, 3, FOLLOW_BY_FLAGS, -1, -1 },
	{ "fchownat", CALL_CHANGE, 0, 1, 4, FOLLOW_BY_FLAGS, -1, -1 },
	{ "futimesat", CALL_CHANGE, 0, 1, -1, FOLLOW, -1, -1 },
	{ "lchown", CALL_CHANGE, -1, 0, -1, NOFOLLOW, -1, -1 },
	{ "lchown32", CALL_CHANGE, -1, 0, -1, NOFOLLOW, -1, -1 },
	{ "lremovexattr", CALL_CHANGE, -1, 0, -1, NOFOLLOW, -1, -1 },
	{ "lsetxattr", CALL_CHANGE, -1, 0, -1, NOFOLLOW, -1, -1 },
	{ "removexattr", CALL_CHANGE, -1, 0, -1, FOLLOW, -1, -1 },
	{ "setxattr", CALL_CHANGE, -1, 0, -1, FOLLOW, -1, -1 },
	{ "truncate", CALL_CHANGE, -1, 0, -1, FOLLOW, -1, -1 },
	{ "truncate64", CALL_CHANGE, -1, 0, -1, FOLLOW, -1, -1 },
	{ "utime", CALL_CHANGE, -1, 0, -1, FOLLOW, -1, -1 },
	{ "utimensat", CALL_CHANGE, 0, 1, 3, FOLLOW_BY_FLAGS, -1, -1 },
	{ "utimensat_time64", CALL_CHANGE, 0, 1, 3, FOLLOW_BY_FLAGS, -1, -1 },
	{ "utimes", CALL_CHANGE, -1, 0, -1, FOLLOW, -1, -1 },
	{ "fchmod", CALL_CHANGE_FD, 0, -1, -1, FOLLOW, -1, -1 },
	{ "fchown", CALL_CHANGE_FD, 0, -1, -1, FOLLOW, -1, -1 },
	{ "fchown32", CALL_CHANGE_FD, 0, -1, -1, FOLLOW, -1, -1 },
	{ "fremovexattr", CALL_CHANGE_FD, 0, -1, -1, FOLLOW, -1, -1 },
	{ "fsetxattr", CALL_CHANGE_FD, 0, -1, -1, FOLLOW, -1, -1 },

	{ "mkdir", CALL_MAKE, -1, 0, -1, NOFOLLOW, -1, -1 },
	{ "mkdirat", CALL_MAKE, 0, 1, -1, NOFOLLOW, -1, -1 },
	{ "mknod", CALL_MAKE, -1, 0, -1, NOFOLLOW, -1, -1 },
	{ "mknodat", CALL_MAKE, 0, 1, -1, NOFOLLOW, -1, -1 },
	{ "symlink", CALL_MAKE, -1, 1, -1, NOFOLLOW, -1, -1 },
	{ "symlinkat", CALL_MAKE, 1, 2, -1, NOFOLLOW, -1, -1 },
	{ "rmdir", CALL_REMOVE, -1, 0, -1, NOFOLLOW, -1, -1 },
	{ "unlink", CALL_REMOVE, -1, 0, -1, NOFOLLOW, -1, -1 },
	{ "unlinkat", CALL_REMOVE, 0, 1, -1, NOFOLLOW, -1, -1 },
	{ "link", CALL_LINK, -1, 0, -1, NOFOLLOW, -1, 1 },
	{ "linkat", CALL_LINK, 0, 1, 4, NOFOLLOW, 2, 3 },
	{ "rename", CALL_RENAME, -1, 0, -1, NOFOLLOW, -1, 1 },
	{ "renameat", CALL_RENAME, 0, 1, -1, NOFOLLOW, 2, 3 },
	{ "renameat2", CALL_RENAME, 0, 1, 4, NOFOLLOW, 2, 3 },

	{ "connect", CALL_ADDRESS, -1, 1, -1, FOLLOW, -1, -1 },
	{ "sendto", CALL_ADDRESS, -1, 4, -1, FOLLOW, -1, -1 },
	{ "bind", CALL_BIND, -1, 1, -1, NOFOLLOW, -1, -1 },
	{ "sendmsg", CALL_MESSAGE, -1, 1, -1, FOLLOW, -1, -1 },
	{ "sendmmsg", CALL_SPOIL, -1, -1, -1, FOLLOW, -1, -1 },
	{ "ioctl", CALL_ANSWERED, -1, -1, -1, FOLLOW, -1, -1 },
	{ "uname", CALL_ANSWERED, -1, -1, -1, FOLLOW, -1, -1 },
};

/* By architecture and number, filled at the first question. */
static const struct ns_call *by_number[2][NS_CALLS_KNOWN];
static bool is_filled;

static void fill(size_t index, uint32_t arch)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		int number = seccomp_syscall_resolve_name_arch(arch, calls[i].name);

		if (number >= 0 && number < NS_CALLS_KNOWN)
			by_number[index][number] = &calls[i];
	}
}

const struct ns_call *ns_call_find(uint32_t arch, int number)
{
	if (!is_filled) {
		fill(0, SCMP_ARCH_X86_64);
		fill(1, SCMP_ARCH_X86);
		is_filled = true;
	}
	if (number < 0 || number >= NS_CALLS_KNOWN)
		return NULL;
	return by_number[arch == SCMP_ARCH_X86][number];
}

/* Device nodes are refused by a rule with a condition, which one without would replace. */
static int report_nodes(scmp_filter_ctx filter)
{
	static const scmp_datum_t type[] = { 0, S_IFREG, S_IFIFO, S_IFSOCK };

	for (size_t i = 0; i < ARRAY_SIZE(type); i++) {
		int r = seccomp_rule_add(filter, SCMP_ACT_NOTIFY, SCMP_SYS(mknod), 1,
					 SCMP_A1(SCMP_CMP_MASKED_EQ, S_IFMT, type[i]));

		if (r < 0)
			return r;
		r = seccomp_rule_add(filter, SCMP_ACT_NOTIFY, SCMP_SYS(mknodat), 1,
				     SCMP_A2(SCMP_CMP_MASKED_EQ, S_IFMT, type[i]));
		if (r < 0)
			return r;
	}
	return 0;
}

int ns_calls_report(scmp_filter_ctx filter)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		int number = seccomp_syscall_resolve_name(calls[i].name);
		int r;

		if (number == __NR_SCMP_ERROR)
			return -EOPNOTSUPP; /* a libseccomp that is too old */
		if (calls[i].kind == CALL_ANSWERED || starts_with(calls[i].name, "mknod"))
			continue;
		r = seccomp_rule_add(filter, SCMP_ACT_NOTIFY, number, 0);
		if (r < 0)
			return r;
	}
	return report_nodes(filter);
}
