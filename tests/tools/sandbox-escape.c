/* SPDX-License-Identifier: MIT */
/*
 * Runs inside the sandbox and tries what a hostile maintainer script might: prints one line for each thing
 * that worked, nothing if all was refused. argv[1]: a TCP port of the host's loopback on which somebody
 * listens; argv[2]: the name of an abstract unix socket there.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
/* LeakSanitizer wants to trace the process when it ends, which the sandbox refuses. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

static int worked;

static void check(const char *what, long result)
{
	if (result < 0)
		return;
	printf("worked: %s\n", what);
	worked = 1;
}

#define TRY(call) check(#call, (long)(call))

static void try_namespaces(void)
{
	static const int flag[] = { CLONE_NEWUSER, CLONE_NEWNS,	 CLONE_NEWPID,	 CLONE_NEWNET,
				    CLONE_NEWUTS,  CLONE_NEWIPC, CLONE_NEWCGROUP };
	char args[88] = { 0 };
	long pid;

	for (size_t i = 0; i < sizeof(flag) / sizeof(flag[0]); i++) {
		pid = syscall(SYS_clone, (unsigned long)(flag[i] | SIGCHLD), 0, 0, 0, 0);

		if (pid == 0)
			_exit(0);
		check("clone into a namespace", pid);
		check("unshare", unshare(flag[i]));
	}
	pid = syscall(SYS_clone3, args, sizeof(args));
	if (pid == 0)
		_exit(0);
	check("clone3", pid);
	TRY(setns(open("/proc/1/ns/net", O_RDONLY), 0));
	TRY(setns(open("/proc/1/ns/user", O_RDONLY), 0));
}

static void try_mounts(void)
{
	TRY(mount("none", "/mnt", "tmpfs", 0, NULL));
	TRY(mount(NULL, "/proc/sys", NULL, MS_REMOUNT | MS_BIND, NULL));
	TRY(umount2("/proc/sys", MNT_DETACH));
	TRY(umount2("/proc", MNT_DETACH));
	TRY(syscall(SYS_pivot_root, "/", "/mnt"));
	TRY(syscall(SYS_open_tree, AT_FDCWD, "/", 1));
	TRY(syscall(SYS_fsopen, "tmpfs", 0));
	TRY(syscall(SYS_move_mount, AT_FDCWD, "/proc", AT_FDCWD, "/mnt", 0));
	TRY(rename("/proc", "/proc.old"));
	TRY(rename("/dev/null", "/dev/null.old"));
}

static void try_kernel(void)
{
	struct timeval now = { .tv_sec = 1 };
	char buffer[4096] = { 0 };

	TRY(syscall(SYS_init_module, "", 0, ""));
	TRY(syscall(SYS_finit_module, 0, "", 0));
	TRY(syscall(SYS_delete_module, "loop", 0));
	TRY(syscall(SYS_kexec_load, 0, 0, 0, 0));
	TRY(syscall(SYS_bpf, 0, buffer, sizeof(buffer)));
	TRY(syscall(SYS_perf_event_open, buffer, 0, -1, -1, 0));
	TRY(syscall(SYS_userfaultfd, 0));
	TRY(syscall(SYS_memfd_secret, 0));
	TRY(syscall(SYS_io_uring_setup, 1, buffer));
	TRY(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 1));
	TRY(syscall(SYS_add_key, "user", "x", "y", 1, KEY_SPEC_USER_KEYRING));
	TRY(syscall(SYS_swapon, "/tmp/swap", 0));
	TRY(reboot(RB_DISABLE_CAD));
	TRY(settimeofday(&now, NULL));
	TRY(sethostname("x", 1));
	TRY(klogctl(3, buffer, sizeof(buffer)));
	TRY(syscall(SYS_quotactl, 0, "/dev/sda", 0, NULL));
	TRY(syscall(SYS_acct, "/tmp/acct"));
	TRY(syscall(SYS_fanotify_init, 0, 0));
	TRY(syscall(SYS_open_by_handle_at, AT_FDCWD, buffer, O_RDONLY));
	TRY(mknod("/tmp/disk", S_IFBLK | 0600, makedev(8, 0)));
	TRY(mknod("/tmp/mem", S_IFCHR | 0600, makedev(1, 1)));
}

static void try_processes(void)
{
	char buffer[16];
	struct iovec mine = { buffer, sizeof(buffer) }, theirs = { (void *)4096, sizeof(buffer) };
	long fd;

	TRY(ptrace(PTRACE_ATTACH, 1, 0, 0));
	TRY(process_vm_readv(1, &mine, 1, &theirs, 1, 0));
	TRY(process_vm_writev(1, &mine, 1, &theirs, 1, 0));
	TRY(open("/proc/1/mem", O_RDWR));
	TRY(open("/proc/1/root/etc", O_RDONLY));
	TRY(open("/proc/1/environ", O_RDONLY));
	fd = syscall(SYS_pidfd_open, 1, 0);
	TRY(syscall(SYS_pidfd_getfd, fd, 3, 0));
}

static void try_network(const char *port, const char *name)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	for (int family = 0; family < 64; family++)
		if (family != AF_UNIX && family != AF_INET && family != AF_INET6 &&
		    family != AF_NETLINK)
			check("socket of another family", socket(family, SOCK_DGRAM, 0));
	TRY(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
	in.sin_port = htons((uint16_t)atoi(port));
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	TRY(connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&in, sizeof(in)));
	memcpy(un.sun_path + 1, name, strlen(name));
	TRY(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&un,
		    (socklen_t)(sizeof(sa_family_t) + 1 + strlen(name))));
}

/* Files of /proc that are not a process's own and open for writing. */
static void try_proc(const char *path, int depth)
{
	DIR *d = opendir(path);
	const struct dirent *e;

	while (d && depth < 8 && (e = readdir(d))) {
		char name[4096];
		struct stat st;

		if (e->d_name[0] == '.' ||
		    (depth == 0 && e->d_name[0] >= '0' && e->d_name[0] <= '9'))
			continue;
		(void)snprintf(name, sizeof(name), "%s/%s", path, e->d_name);
		/* PSI triggers are anybody's and the listener's own. */
		if (lstat(name, &st) < 0 || strstr(name, "/pressure"))
			continue;
		if (S_ISDIR(st.st_mode))
			try_proc(name, depth + 1);
		else if (S_ISREG(st.st_mode) && open(name, O_WRONLY | O_NONBLOCK) >= 0) {
			printf("worked: open %s for writing\n", name);
			worked = 1;
		}
	}
	if (d)
		closedir(d);
}

/* Descriptors that came along: only stdin, stdout, stderr. */
static void try_descriptors(void)
{
	for (int fd = 3; fd < 1024; fd++)
		if (fcntl(fd, F_GETFD) >= 0) {
			printf("worked: descriptor %d was there\n", fd);
			worked = 1;
		}
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	try_descriptors();
	try_namespaces();
	try_mounts();
	try_kernel();
	try_processes();
	try_network(argv[1], argv[2]);
	try_proc("/proc", 0);
	/* Last: from then on a parent that knows nothing of it sees us stopped, not ended. */
	TRY(ptrace(PTRACE_TRACEME, 0, 0, 0));
	return worked;
}
