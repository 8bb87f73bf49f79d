/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "base/memory.h"
#include "base/text.h"
#include "sandbox/namespace/ns-record.h"

/* What maintainer scripts need of root. No sys_admin, net_admin, sys_ptrace, mknod, sys_module … */
static const int kept_capability[] = {
	CAP_CHOWN,	 CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH,	 CAP_FOWNER,
	CAP_FSETID,	 CAP_KILL,	   CAP_SETGID,		 CAP_SETUID,
	CAP_SETPCAP,	 CAP_SETFCAP,	   CAP_NET_BIND_SERVICE, CAP_SYS_CHROOT,
	CAP_AUDIT_WRITE,
};

/* Refused system calls, each with the error that programs cope with best: EPERM as for lack of
 * privilege, ENOSYS as from an older kernel, 0 as if it were done (a tree that is thrown away after
 * it was read needs no sync). */
static const struct denied {
	int error;
	const char *name;
} denied[] = {
	{ EPERM, "mount" },
	{ EPERM, "umount" },
	{ EPERM, "umount2" },
	{ EPERM, "pivot_root" },
	{ EPERM, "move_mount" },
	{ EPERM, "open_tree" },
	{ EPERM, "fsopen" },
	{ EPERM, "fsconfig" },
	{ EPERM, "fsmount" },
	{ EPERM, "fspick" },
	{ EPERM, "mount_setattr" },
	{ EPERM, "swapon" },
	{ EPERM, "swapoff" },
	{ EPERM, "reboot" },
	{ EPERM, "kexec_load" },
	{ EPERM, "kexec_file_load" },
	{ EPERM, "init_module" },
	{ EPERM, "finit_module" },
	{ EPERM, "delete_module" },
	{ EPERM, "setns" },
	{ EPERM, "unshare" },
	{ EPERM, "settimeofday" },
	{ EPERM, "stime" },
	{ EPERM, "clock_settime" },
	{ EPERM, "clock_settime64" },
	{ EPERM, "clock_adjtime" },
	{ EPERM, "clock_adjtime64" },
	{ EPERM, "adjtimex" },
	{ EPERM, "ptrace" },
	{ EPERM, "process_vm_readv" },
	{ EPERM, "process_vm_writev" },
	{ EPERM, "kcmp" },
	{ EPERM, "pidfd_getfd" },
	{ EPERM, "iopl" },
	{ EPERM, "ioperm" },
	{ EPERM, "quotactl" },
	{ EPERM, "quotactl_fd" },
	{ EPERM, "acct" },
	{ EPERM, "vhangup" },
	{ EPERM, "syslog" },
	{ EPERM, "open_by_handle_at" },
	{ EPERM, "fanotify_init" },
	{ EPERM, "perf_event_open" },
	{ EPERM, "sethostname" },
	{ EPERM, "setdomainname" },
	{ EPERM, "lookup_dcookie" },
	{ EPERM, "bpf" },
	{ ENOSYS, "keyctl" },
	{ ENOSYS, "add_key" },
	{ ENOSYS, "request_key" },
	{ ENOSYS, "userfaultfd" },
	{ ENOSYS, "memfd_secret" },
	{ ENOSYS, "io_uring_setup" },
	{ ENOSYS, "clone3" },
	{ ENOSYS, "nfsservctl" },
	{ ENOSYS, "uselib" },
	{ ENOSYS, "_sysctl" },
	{ ENOSYS, "socketcall" },
	{ ENOSYS, "vm86" },
	{ ENOSYS, "modify_ldt" },
	{ 0, "fsync" },
	{ 0, "fdatasync" },
	{ 0, "sync" },
	{ 0, "syncfs" },
	{ 0, "sync_file_range" },
};

static const int new_namespace[] = { CLONE_NEWUSER, CLONE_NEWNS,  CLONE_NEWPID,	  CLONE_NEWNET,
				     CLONE_NEWUTS,  CLONE_NEWIPC, CLONE_NEWCGROUP };

/* A call that this libseccomp does not know by name cannot be denied; one that this architecture
 * does not have cannot be made. A test tries the whole list on the running kernel. */
static int deny(scmp_filter_ctx f, int error, const char *name)
{
	int call = seccomp_syscall_resolve_name(name);

	return call == __NR_SCMP_ERROR ? 0 : seccomp_rule_add(f, SCMP_ACT_ERRNO(error), call, 0);
}

static int deny_namespaces(scmp_filter_ctx f)
{
	for (size_t i = 0; i < ARRAY_SIZE(new_namespace); i++) {
		scmp_datum_t flag = (scmp_datum_t)new_namespace[i];
		int r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
					 SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag));

		if (r < 0)
			return r;
	}
	return 0;
}

/* Only Unix, IPv4, IPv6 and netlink: some other families (vsock) do not heed network namespaces. */
static int deny_sockets(scmp_filter_ctx f)
{
	int r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
				 SCMP_A0(SCMP_CMP_GT, AF_NETLINK, 0));

	if (r < 0)
		return r;
	for (unsigned family = 0; family < AF_NETLINK; family++) {
		if (family == AF_UNIX || family == AF_INET || family == AF_INET6)
			continue;
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
				     SCMP_A0(SCMP_CMP_EQ, family, 0));
		if (r < 0)
			return r;
	}
	return 0;
}

/* Device nodes could not be made in a user namespace anyway; scripts cope with EPERM. */
static int deny_devices(scmp_filter_ctx f)
{
	static const scmp_datum_t type[] = { S_IFBLK, S_IFCHR };

	for (size_t i = 0; i < ARRAY_SIZE(type); i++) {
		int r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(mknod), 1,
					 SCMP_A1(SCMP_CMP_MASKED_EQ, S_IFMT, type[i]));

		if (r < 0)
			return r;
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(mknodat), 1,
				     SCMP_A2(SCMP_CMP_MASKED_EQ, S_IFMT, type[i]));
		if (r < 0)
			return r;
	}
	return 0;
}

/* Keeps RLIMIT_CORE at 1 (ns_limits_apply()): with 0 the kernel would hand a dump to the host's
 * core_pattern program. The call seems to succeed, since a script should not fail for
 * `ulimit -c 0`. */
static int deny_core_limit(scmp_filter_ctx f)
{
	int r = seccomp_rule_add(f, SCMP_ACT_ERRNO(0), SCMP_SYS(setrlimit), 1,
				 SCMP_A0(SCMP_CMP_EQ, RLIMIT_CORE, 0));

	if (r < 0)
		return r;
	return seccomp_rule_add(f, SCMP_ACT_ERRNO(0), SCMP_SYS(prlimit64), 2,
				SCMP_A1(SCMP_CMP_EQ, RLIMIT_CORE, 0), SCMP_A2(SCMP_CMP_NE, 0, 0));
}

static int set_up(scmp_filter_ctx f)
{
	int r = seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);

	if (r < 0)
		return r;
	/* A call by another convention (x32) fails as unknown, instead of killing the program. */
	r = seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
	if (r < 0)
		return r;
	/* The rules hold for maintainer scripts of i386 packages in a multi-arch image, too. */
	return seccomp_arch_native() == SCMP_ARCH_X86_64 ? seccomp_arch_add(f, SCMP_ARCH_X86) : 0;
}

static int add_rules(scmp_filter_ctx f, bool recording)
{
	int r = set_up(f);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(denied); i++) {
		r = deny(f, denied[i].error, denied[i].name);
		if (r < 0)
			return r;
	}
	r = deny_namespaces(f);
	if (r < 0)
		return r;
	r = deny_sockets(f);
	if (r < 0)
		return r;
	r = deny_devices(f);
	if (r < 0)
		return r;
	r = deny_core_limit(f);
	if (r < 0)
		return r;
	r = seccomp_rule_add(f, SCMP_ACT_NOTIFY, SCMP_SYS(uname), 0);
	if (r < 0)
		return r;
	/* The kernel takes the command as 32 bits. */
	r = seccomp_rule_add(f, SCMP_ACT_NOTIFY, SCMP_SYS(ioctl), 1,
			     SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, FICLONE));
	return r < 0 || !recording ? r : ns_calls_report(f);
}

int ns_filter_make(bool recording, scmp_filter_ctx *ret, struct err *err)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	int r = f ? add_rules(f, recording) : -ENOMEM;

	if (r < 0) {
		seccomp_release(f);
		return err_errno(err, ERR_BUILD, -r, "cannot make the sandbox's seccomp filter");
	}
	*ret = f;
	return 0;
}

static bool is_kept(int capability)
{
	for (size_t i = 0; i < ARRAY_SIZE(kept_capability); i++)
		if (kept_capability[i] == capability)
			return true;
	return false;
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	for (int c = 0; prctl(PR_CAPBSET_READ, c) >= 0; c++) {
		if (!is_kept(c) && prctl(PR_CAPBSET_DROP, c) < 0)
			return -errno;
		if (is_kept(c))
			data[CAP_TO_INDEX(c)].permitted |= CAP_TO_MASK(c);
	}
	data[0].effective = data[0].permitted;
	data[1].effective = data[1].permitted;
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

/* libseccomp knows no call that is newer than itself. */
static int refuse_newer_calls(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, NS_CALLS_KNOWN, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = ARRAY_SIZE(code), .filter = code };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0 ? -errno : 0;
}

int ns_filter_confine(scmp_filter_ctx filter, int *ret_listener)
{
	int r = drop_capabilities();

	if (r < 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	r = refuse_newer_calls();
	if (r < 0)
		return r;
	r = seccomp_load(filter);
	if (r < 0)
		return r;
	*ret_listener = seccomp_notify_fd(filter);
	return *ret_listener < 0 ? *ret_listener : 0;
}

static void copy_name(char field[65], const char *value)
{
	(void)snprintf(field, 65, "%s", value);
}

/* The caller sleeps in its call as long as the id is valid. Only after that could its pid be
 * another process's, so the id is checked once the memory of that pid is open. */
static int write_names(const struct ns *ns, int listener, const struct seccomp_notif *n)
{
	struct utsname u = { .sysname = "Linux", .machine = "x86_64", .domainname = "(none)" };
	char path[64];

	copy_name(u.nodename, ns->hostname);
	copy_name(u.release, ns->kernel);
	copy_name(u.version, NS_KERNEL_VERSION);
	(void)snprintf(path, sizeof(path), "/proc/%u/mem", n->pid);
	cleanup_fd int memory = open(path, O_WRONLY | O_CLOEXEC);
	if (memory < 0)
		return -errno;
	if (seccomp_notify_id_valid(listener, n->id) != 0)
		return -ENOENT;
	if (pwrite(memory, &u, sizeof(u), (off_t)n->data.args[0]) != sizeof(u))
		return -EFAULT;
	return 0;
}

static bool is_call(const struct seccomp_notif *n, const char *name)
{
	return seccomp_syscall_resolve_name_arch(n->data.arch, name) == n->data.nr;
}

void ns_filter_do(const struct ns *ns, int listener, const struct seccomp_notif *n,
		  struct seccomp_notif_resp *answer)
{
	int r = is_call(n, "ioctl") ? ns_clone_answer(listener, n) : write_names(ns, listener, n);

	answer->id = n->id;
	answer->error = r < 0 ? r : 0;
	answer->val = 0;
	answer->flags = r > 0 ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0;
}

void ns_filter_answer(const struct ns *ns, int listener)
{
	struct seccomp_notif *n = NULL;
	struct seccomp_notif_resp *answer = NULL;

	if (seccomp_notify_alloc(&n, &answer) == 0 && seccomp_notify_receive(listener, n) == 0) {
		ns_filter_do(ns, listener, n, answer);
		(void)seccomp_notify_respond(listener, answer);
	}
	seccomp_notify_free(n, answer);
}
