/* SPDX-License-Identifier: MIT */
/*
 * The helper program: `sandbox-namespace`, with the socket to the main program as descriptor 3, or
 * `sandbox-namespace --port DEVICE` in the appliance of sandbox-guestfs, with the main program at
 * the other end of that serial port. ns.h says how it works inside.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/err-report.h"
#include "base/memory.h"
#include "base/text.h"
#include "sandbox/namespace/ns.h"

#define SOCKET_FD 3
#define NAMESPACES                                                                                 \
	(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP)

static void options_release(struct ns_options *o)
{
	free(o->hostname);
	free(o->kernel);
	if (o->trees >= 0)
		(void)close(o->trees);
}

static int read_options(int sock, struct ns_options *o, struct err *err)
{
	CLEANUP(message_release) struct message m = { 0 };
	uint64_t version;
	int r = message_receive(sock, -1, &m, err);

	if (r == 0)
		return err_set(err, ERR_BUILD, "the main program hung up");
	if (r < 0)
		return r;
	version = message_get_u64(&m);
	if (m.type != MESSAGE_OPEN || version != MESSAGE_VERSION)
		return err_set(err, ERR_BUILD,
			       "sandbox-namespace is not of the same build as "
			       "netrescue: install both anew");
	o->epoch = (int64_t)message_get_u64(&m);
	o->hostname = message_get_text(&m);
	o->kernel = message_get_text(&m);
	o->space = message_get_u64(&m);
	o->on_disk = message_get_u64(&m) != 0;
	message_get_limits(&m, &o->limits);
	o->trees = message_take_fd(&m);
	return message_end(&m, err);
}

static int send_ready(int sock, const struct ns_tree *tree, struct err *err)
{
	CLEANUP(message_release) struct message m = { .type = MESSAGE_OK };
	cleanup_free char *description =
		xasprintf("namespace, tree %s%s", tree->on_disk ? "on disk" : "in memory",
			  tree->has_group ? ", in a control group" : "");

	message_put_text(&m, description);
	return message_send(sock, &m, err);
}

/* SIGCHLD comes through a descriptor. SIGPIPE is ignored: a write to a filter that has died
 * fails. */
static int watch_children(int *ret, struct err *err)
{
	sigset_t set;

	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	*ret = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return *ret < 0 ? err_errno(err, ERR_BUILD, errno, "cannot watch for children") : 0;
}

static int prepare(struct ns *ns, struct ns_options *options, struct ns_tree *tree, struct err *err)
{
	int r = ns_setup(ns, options, tree, err);

	/* The last descriptors of the host but the socket. */
	(void)close(take_fd(&options->trees));
	if (tree->fd >= 0)
		(void)close(take_fd(&tree->fd));
	if (r < 0)
		return r;
	r = watch_children(&ns->signals, err);
	if (r < 0)
		return r;
	return send_ready(ns->sock, tree, err);
}

static int serve(int sock, struct ns_options *options, struct ns_tree *tree,
		 struct ns_cgroup *group)
{
	struct ns ns = {
		.sock = sock,
		.tree = -1,
		.world = -1,
		.proc = -1,
		.signals = -1,
		.events = ns_cgroup_keep_events(group),
	};
	CLEANUP(err_release) struct err err = { 0 };

	if (prepare(&ns, options, tree, &err) < 0) {
		message_send_err(sock, &err);
		return 1;
	}
	return ns_serve(&ns);
}

/* Waits until the server ends, or the main program hangs up: then the server is killed. */
static void keep(int sock, pid_t server, int pidfd)
{
	struct pollfd p[2] = { { .fd = sock, .events = POLLRDHUP },
			       { .fd = pidfd, .events = POLLIN } };

	while (poll(p, 2, -1) < 0 && errno == EINTR)
		;
	(void)kill(server, SIGKILL);
	while (waitpid(server, NULL, 0) < 0 && errno == EINTR)
		;
}

static int was_full(struct err *err)
{
	err_set(err, ERR_BUILD,
		"the scripts take more memory than the sandbox may have, and the kernel ended it");
	return err_hint(err, "if that is no mistake of theirs, --memory SIZE permits more "
			     "(docs/sandbox.md)");
}

/* Forks the server: within the control group, and as what the kernel kills first. */
static pid_t start_server(const struct ns_tree *tree, const struct ns_cgroup *group, int *ret_pidfd,
			  struct err *err)
{
	cleanup_free char *order = ns_limits_go_first();
	pid_t server;

	ns_cgroup_enter(group, true);
	server = ns_fork(NAMESPACES, &tree->map, ret_pidfd, err);
	if (server == 0)
		return 0;
	ns_cgroup_enter(group, false);
	ns_limits_go_as_before(order);
	return server;
}

static int start(int sock, struct err *err)
{
	CLEANUP(options_release) struct ns_options options = { .trees = -1 };
	CLEANUP(ns_tree_release) struct ns_tree tree = { .fd = -1 };
	CLEANUP(ns_cgroup_release) struct ns_cgroup group = NS_CGROUP_INIT;
	cleanup_fd int pidfd = -1;
	pid_t server;
	int r = read_options(sock, &options, err);

	if (r < 0)
		return r;
	r = ns_preload(err);
	if (r < 0)
		return r;
	ns_limits_choose(&options.limits);
	r = ns_tree_choose(&options, &tree, err);
	if (r < 0)
		return r;
	if (tree.on_disk && (fchdir(tree.fd) < 0 || chdir("box") < 0))
		return err_errno(err, ERR_BUILD, errno, "cannot enter the sandbox's directory");
	ns_cgroup_make(&group, &options.limits);
	tree.has_group = group.box >= 0;
	server = start_server(&tree, &group, &pidfd, err);
	if (server < 0)
		return server;
	if (server == 0)
		_exit(serve(sock, &options, &tree, &group));
	keep(sock, server, pidfd);
	(void)!chdir("/");
	return ns_cgroup_was_full(group.events) ? was_full(err) : 0;
}

/* Runs the sandbox until the other side of sock hangs up. */
static int run(int sock)
{
	CLEANUP(err_release) struct err err = { 0 };

	if (start(sock, &err) == 0)
		return 0;
	message_send_err(sock, &err);
	return 1;
}

/* Runs the sandbox in a child, and serves the port ourselves until the host hangs up. */
static int run_at_port(const char *path, struct err *err)
{
	cleanup_fd int port = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	int pair[2];
	pid_t server;
	int r;

	if (port < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot open the port '%s'", path);
	r = ns_serial_enter(err);
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot make a socket");
	cleanup_fd int ours = pair[0];
	cleanup_fd int theirs = pair[1];
	server = fork();
	if (server < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot start the server");
	if (server == 0) {
		(void)close(take_fd(&ours));
		(void)close(take_fd(&port));
		_exit(run(theirs));
	}
	(void)close(take_fd(&theirs));
	r = ns_serial_serve(port, ours, err);
	(void)close(take_fd(&ours));
	while (waitpid(server, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}

/* Scripts can read the server's command line: it does not say where on the host the program is. */
static void forget_directory(char *path)
{
	const char *slash = strrchr(path, '/');
	size_t length = strlen(path), kept = slash ? strlen(slash + 1) : length;

	memmove(path, path + length - kept, kept);
	memset(path + kept, 0, length - kept);
}

int main(int argc, char **argv)
{
	struct stat st;

	(void)umask(022);
	if (argc > 0)
		forget_directory(argv[0]);
	if (argc == 3 && streq(argv[1], "--port")) {
		CLEANUP(err_release) struct err err = { 0 };

		(void)signal(SIGPIPE, SIG_IGN);
		(void)run_at_port(argv[2], &err);
		err_print(&err, stderr);
		return err_exit_code(&err);
	}
	if (fstat(SOCKET_FD, &st) < 0 || !S_ISSOCK(st.st_mode)) {
		fputs("sandbox-namespace is started by netrescue\n", stderr);
		return 2;
	}
	(void)fcntl(SOCKET_FD, F_SETFD, FD_CLOEXEC);
	/* Ctrl-C is for the main program, which then hangs up; so does the kernel for it if it
	 * is killed. */
	(void)setsid();
	(void)signal(SIGPIPE, SIG_IGN);
	return run(SOCKET_FD);
}
