/* SPDX-License-Identifier: MIT */
/* The helper program `sandbox-guestfs`, which gets the socket to the main program as descriptor 3:
 * what the relay does from its start to its end. guestfs.h describes the rest. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>

#include "base/err-report.h"
#include "base/io.h"
#include "base/kvm.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/resources.h"
#include "base/text.h"
#include "base/tree.h"
#include "sandbox/limits.h"
#include "sandbox/locked-dir.h"
#include "sandbox/guestfs/guestfs.h"

#define SOCKET_FD 3
#define PORT_NAME "port"
/* A Unix socket's path has 108 bytes, of which libguestfs needs some. */
#define RUNTIME_DIRECTORY_MAX 70

#define MEBI (1ULL << 20)
/* MiB: for the appliance itself, its page cache, and what the image's own programs take. */
#define MEMORY_MIN 768U
#define MEMORY_MAX 4096U
/* Beside what the user says that scripts may take. */
#define MEMORY_BESIDE 512U
/* With emulation only one: QEMU before 8.1 may run code that another processor has just rewritten,
 * and the kernel, which patches itself, dies of an int3. A second processor would save a tenth of
 * the time, most of it in pack. */
#define PROCESSORS_MAX 8U
/* Beside the packages: what ext4 keeps for itself, and what scripts need for a while. */
#define DISK_BESIDE (8192 * MEBI)
/* Measured with rescue64: 750 s instead of 37 s with namespaces and two processors. Run
 * tests/bench/sandbox to measure another machine. */
#define EMULATION_FACTOR 20

struct guest {
	struct relay relay;
	struct child driver;
	int trees;  /* owned: the store's directory tree/ */
	char *name; /* owned: our directory in it */
	char *path; /* owned: the same, absolute */
	uint64_t space;
	struct sandbox_limits limits;
	bool kvm;
	const char *why_not; /* why KVM is not used; NULL: it is */
};

static void guest_release(struct guest *g)
{
	CLEANUP(err_release) struct err ignored = { 0 };
	struct pollfd p = { .fd = g->driver.pidfd, .events = POLLIN };

	/* This ends QEMU and supermin; the driver, their group's leader, then tidies up and
	 * ends. */
	if (g->driver.pid > 0 && kill(-g->driver.pid, SIGTERM) == 0)
		while (poll(&p, 1, DRIVER_END_MILLISECONDS) < 0 && errno == EINTR)
			;
	if (g->driver.pid > 0)
		(void)kill(-g->driver.pid, SIGKILL);
	child_release(&g->driver);
	int *const fd[] = { &g->relay.port, &g->relay.report };
	for (size_t i = 0; i < ARRAY_SIZE(fd); i++)
		if (*fd[i] >= 0)
			(void)close(take_fd(fd[i]));
	if (g->name && remove_tree(g->trees, g->name, &ignored) < 0)
		err_print(&ignored, stderr);
	if (g->relay.directory >= 0)
		(void)close(g->relay.directory);
	if (g->trees >= 0)
		(void)close(g->trees);
	free(g->name);
	free(g->path);
}

/* ---- the request that opens ----------------------------------------------------------------- */

static int read_open(struct guest *g, struct message *m, struct err *err)
{
	uint64_t version;
	int r = message_receive(g->relay.sock, -1, m, err);

	if (r <= 0)
		return r < 0 ? r : -ECANCELED;
	version = message_get_u64(m);
	if (m->type != MESSAGE_OPEN || version != MESSAGE_VERSION)
		return err_set(err, ERR_BUILD,
			       "sandbox-guestfs is not of the same build as netrescue: install "
			       "both anew");
	(void)message_get_u64(m);  /* epoch */
	free(message_get_text(m)); /* host name */
	free(message_get_text(m)); /* kernel */
	g->space = message_get_u64(m);
	(void)message_get_u64(m); /* on_disk */
	message_get_limits(m, &g->limits);
	g->trees = m->fd_count > 0 && !m->bad ? fcntl(m->fd[0], F_DUPFD_CLOEXEC, 0) : -1;
	return g->trees < 0 ? err_set(err, ERR_BUILD, "malformed sandbox message") : 0;
}

static int say(struct guest *g, const char *line, struct err *err)
{
	CLEANUP(message_release) struct message m = { .type = MESSAGE_NOTE };

	message_put_text(&m, line);
	return message_send(g->relay.sock, &m, err);
}

/* ---- what this machine has ------------------------------------------------------------------ */

static bool asks_for_emulation(void)
{
	const char *settings = getenv("LIBGUESTFS_BACKEND_SETTINGS");

	return settings && strstr(settings, "force_tcg");
}

static int look_around(struct guest *g, struct err *err)
{
	cleanup_free char *kernel = NULL, *emulator = NULL, *line = NULL;
	int r = appliance_find_emulator(&emulator, err);

	if (r < 0)
		return r;
	r = appliance_find_kernel(&kernel, err);
	if (r < 0)
		return r;
	if (asks_for_emulation()) {
		g->why_not = "LIBGUESTFS_BACKEND_SETTINGS says so";
	} else {
		r = kvm_probe(emulator, kernel, &g->why_not, err);
		if (r < 0)
			return r;
	}
	g->kvm = !g->why_not;
	if (g->kvm)
		return 0;
	line = xasprintf("the appliance is emulated, so this build takes about %d times as long as "
			 "with namespaces: %s",
			 EMULATION_FACTOR, g->why_not);
	return say(g, line, err);
}

static void remove_stale(int trees)
{
	CLEANUP(strv_release) struct strv names = { 0 };

	locked_dir_list(trees, APPLIANCE_PREFIX, &names);
	for (size_t i = 0; i < names.count; i++) {
		CLEANUP(err_release) struct err err = { 0 };
		cleanup_fd int fd = locked_dir_take(trees, names.item[i]);

		if (fd >= 0 && remove_tree(trees, names.item[i], &err) < 0)
			err_print(&err, stderr);
	}
}

static int make_directory(struct guest *g, struct err *err)
{
	cleanup_free char *link = NULL;
	char path[PATH_MAX];
	ssize_t n;
	int r;

	remove_stale(g->trees);
	r = locked_dir_new(g->trees, APPLIANCE_PREFIX, &g->name, &g->relay.directory, err);
	if (r < 0)
		return r;
	link = xasprintf("/proc/self/fd/%d", g->relay.directory);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot find out where the store lies");
	path[n] = '\0';
	g->path = xstrdup(path);
	return 0;
}

/* The disk is sparse, and larger than it should have to be. As much as the packages need must be
 * free on the host; should more be used, and not be there, the appliance sees its disk fail
 * (ns-serial.c). */
static int size_disk(const struct guest *g, uint64_t *ret, struct err *err)
{
	uint64_t need = g->space + g->space / 2, free_bytes;
	char a[16], b[16];
	struct statvfs v;

	if (fstatvfs(g->trees, &v) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot look at the store's file system");
	free_bytes = (uint64_t)v.f_bavail * v.f_frsize;
	if (free_bytes < g->space) {
		err_set(err, ERR_BUILD,
			"the appliance's disk may need %s, but the store's file system has only %s "
			"left",
			human_size(g->space, a), human_size(free_bytes, b));
		return err_hint(err, "make room, or choose another place with --store DIR or "
				     "NETRESCUE_STORE");
	}
	*ret = (need + DISK_BESIDE) / MEBI * MEBI;
	return 0;
}

/* MiB. Of this the sandbox inside derives its own limit, a little less. */
static unsigned choose_memory(const struct guest *g)
{
	uint64_t given = g->limits.memory / MEBI;

	if (given == 0)
		return (unsigned)between(MEMORY_MIN, memory_available() / MEBI / 2, MEMORY_MAX);
	return (unsigned)between(MEMORY_MIN, given + MEMORY_BESIDE, INT_MAX);
}

/* ---- from start to end ---------------------------------------------------------------------- */

/* QEMU and bind(2) take only short paths, so this one starts at our descriptor of the directory. */
static int listen_for_port(const struct guest *g, char **ret_path, int *ret, struct err *err)
{
	cleanup_free char *path =
		xasprintf("/proc/%d/fd/%d/" PORT_NAME, (int)getpid(), g->relay.directory);
	cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    listen(fd, 1) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot make a socket in '%s'", g->path);
	*ret_path = take_ptr(path);
	*ret = take_fd(&fd);
	return 0;
}

static int start_driver(struct guest *g, const char *port_path, struct err *err)
{
	struct appliance a = {
		.directory = g->path,
		.port_path = port_path,
		.memory = choose_memory(g),
		.processors =
			g->kvm ? (unsigned)between(1, processors_available(), PROCESSORS_MAX) : 1,
		.kvm = g->kvm,
	};
	cleanup_fd int runtime = -1;
	int r = size_disk(g, &a.disk, err);

	if (r < 0)
		return r;
	g->relay.content_max = a.disk;
	r = runtime_make(g->relay.directory, &runtime, err);
	if (r < 0)
		return r;
	/* For libguestfs's sockets; root's are always in /tmp. */
	if (strlen(g->path) < RUNTIME_DIRECTORY_MAX)
		(void)setenv("XDG_RUNTIME_DIR", g->path, 1);
	return driver_start(&g->driver, &a, runtime, &g->relay.report, err);
}

static int wait_for_appliance(struct guest *g, int listening, struct err *err)
{
	int r = launch_follow(&g->relay, &g->driver, err);

	if (r < 0)
		return r;
	r = relay_wait(&g->relay, listening, false, err);
	if (r < 0)
		return r;
	g->relay.port = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
	return g->relay.port < 0 ? err_errno(err, ERR_BUILD, errno, "cannot reach the appliance")
				 : 0;
}

/* 0: the main program has hung up. */
static int serve(struct guest *g, const struct message *open, struct err *err)
{
	int r;

	g->relay.describe =
		g->kvm ? "guestfs, an appliance with KVM" : "guestfs, an emulated appliance";
	r = relay_request(&g->relay, open, err);
	g->relay.describe = NULL;
	while (r == 0) {
		CLEANUP(message_release) struct message m = { 0 };

		r = relay_wait(&g->relay, g->relay.sock, false, err);
		if (r < 0)
			return r;
		r = message_receive(g->relay.sock, -1, &m, err);
		if (r <= 0)
			return r;
		r = relay_request(&g->relay, &m, err);
	}
	return r;
}

static int run(struct guest *g, struct err *err)
{
	CLEANUP(message_release) struct message open = { 0 };
	cleanup_free char *port_path = NULL;
	cleanup_fd int listening = -1;
	int r = read_open(g, &open, err);

	if (r < 0)
		return r;
	r = look_around(g, err);
	if (r < 0)
		return r;
	r = make_directory(g, err);
	if (r < 0)
		return r;
	r = listen_for_port(g, &port_path, &listening, err);
	if (r < 0)
		return r;
	r = start_driver(g, port_path, err);
	if (r < 0)
		return r;
	r = wait_for_appliance(g, listening, err);
	if (r < 0)
		return r;
	return serve(g, &open, err);
}

int main(int argc, char **argv)
{
	CLEANUP(guest_release)
	struct guest g = {
		.relay = { .sock = SOCKET_FD, .report = -1, .port = -1, .directory = -1 },
		.driver = CHILD_INIT,
		.trees = -1,
	};
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	CLEANUP(err_release) struct err err = { 0 };
	struct stat st;

	(void)umask(022);
	if (argc > 2 && streq(argv[1], "appliance"))
		return driver_main(argc - 2, argv + 2);
	if (fstat(SOCKET_FD, &st) < 0 || !S_ISSOCK(st.st_mode)) {
		fputs("sandbox-guestfs is started by netrescue\n", stderr);
		return 2;
	}
	(void)fcntl(SOCKET_FD, F_SETFD, FD_CLOEXEC);
	/* Ctrl-C is for the main program, which then hangs up; so does the kernel for it if it
	 * is killed. */
	(void)setsid();
	(void)sigaction(SIGPIPE, &ignore, NULL);
	if (run(&g, &err) < 0 && err.class != ERR_NONE)
		message_send_err(SOCKET_FD, &err);
	return err_exit_code(&err);
}
