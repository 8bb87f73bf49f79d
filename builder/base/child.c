/* SPDX-License-Identifier: MIT */
#include "base/child.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/interrupt.h"
#include "base/memory.h"

#define PATH_DEFAULT "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"

/* Our descriptors are moved here first, above any number a child may ask for, so that no dup2 of
 * the list can overwrite the source of a later one. */
#define FD_PARKED 64

/* Like posix_spawn(3) itself, these return a positive errno value. */
static int add_descriptors(posix_spawn_file_actions_t *a, const struct child_options *options,
			   int parked[CHILD_FD_MAX], bool taken[FD_PARKED], int *ret_top)
{
	for (size_t i = 0; i < options->fd_count; i++) {
		int child = options->fd[i].child;
		int r;

		assert(child >= 0 && child < FD_PARKED && !taken[child]);
		taken[child] = true;
		*ret_top = child > *ret_top ? child : *ret_top;
		parked[i] = fcntl(options->fd[i].parent, F_DUPFD_CLOEXEC, FD_PARKED);
		r = parked[i] < 0 ? errno : posix_spawn_file_actions_adddup2(a, parked[i], child);
		if (r != 0)
			return r;
	}
	return 0;
}

static int add_standard(posix_spawn_file_actions_t *a, const bool taken[FD_PARKED])
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		int r = 0;

		/* The child gets our stderr, if we have one. */
		if (!taken[fd] && (fd != STDERR_FILENO || fcntl(fd, F_GETFD) < 0))
			r = posix_spawn_file_actions_addopen(
				a, fd, "/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY, 0);
		if (r != 0)
			return r;
	}
	return 0;
}

static int fill_actions(posix_spawn_file_actions_t *a, const struct child_options *options,
			int parked[CHILD_FD_MAX])
{
	bool taken[FD_PARKED] = { false };
	int top = STDERR_FILENO;
	int r = add_descriptors(a, options, parked, taken, &top);

	if (r != 0)
		return r;
	r = add_standard(a, taken);
	if (r != 0)
		return r;
	for (int fd = STDERR_FILENO + 1; fd < top; fd++) {
		r = taken[fd] ? 0 : posix_spawn_file_actions_addclose(a, fd);
		if (r != 0)
			return r;
	}
	return posix_spawn_file_actions_addclosefrom_np(a, top + 1);
}

static int fill_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, all;
	int r;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	r = posix_spawnattr_setsigmask(attributes, &none);
	if (r != 0)
		return r;
	r = posix_spawnattr_setsigdefault(attributes, &all);
	if (r != 0)
		return r;
	return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int spawn_with(pid_t *ret_pid, const struct child_options *options,
		      posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes,
		      int parked[CHILD_FD_MAX])
{
	CLEANUP(strv_release) struct strv env = { 0 };
	const char *path = getenv("PATH");
	int r = fill_actions(actions, options, parked);

	if (r != 0)
		return r;
	r = fill_attributes(attributes);
	if (r != 0)
		return r;
	strv_addf(&env, "PATH=%s", path && *path ? path : PATH_DEFAULT);
	strv_add(&env, "TZ=UTC");
	strv_add(&env, "LC_ALL=C.UTF-8");
	/* posix_spawn's prototype lacks const (POSIX, exec(3) rationale); it changes nothing. */
	return posix_spawnp(ret_pid, options->argv[0], actions, attributes,
			    (char **)(uintptr_t)options->argv,
			    options->env ? (char **)(uintptr_t)options->env : env.item);
}

static int spawn(pid_t *ret_pid, const struct child_options *options)
{
	int parked[CHILD_FD_MAX] = { -1, -1, -1, -1, -1, -1, -1, -1 };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return r;
	r = posix_spawnattr_init(&attributes);
	if (r == 0) {
		r = spawn_with(ret_pid, options, &actions, &attributes, parked);
		(void)posix_spawnattr_destroy(&attributes);
	}
	(void)posix_spawn_file_actions_destroy(&actions);
	for (size_t i = 0; i < CHILD_FD_MAX; i++)
		if (parked[i] >= 0)
			(void)close(parked[i]);
	return r;
}

int child_start(struct child *c, const struct child_options *options, struct err *err)
{
	pid_t pid = -1;
	int r;

	assert(c->pid < 0 && options->argv[0] && options->fd_count <= CHILD_FD_MAX);
	r = interrupt_check(err);
	if (r < 0)
		return r;
	r = spawn(&pid, options);
	if (r != 0) {
		(void)err_errno(err, ERR_BUILD, r, "cannot start '%s'", options->argv[0]);
		if (r == ENOENT)
			(void)err_hint(err, "install the package that has '%s', or correct PATH",
				       options->argv[0]);
		return err_value(err);
	}
	c->pid = pid;
	c->name = xstrdup(options->argv[0]);
	c->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (c->pidfd < 0) {
		(void)err_errno(err, ERR_BUILD, errno, "cannot watch '%s' (pidfd_open)", c->name);
		child_release(c);
		return err_hint(err,
				"this needs Linux 5.3 and a container that permits pidfd_open");
	}
	return 0;
}

static void reap(struct child *c, int *ret_status)
{
	while (waitpid(c->pid, ret_status, 0) < 0 && errno == EINTR)
		;
	c->pid = -1;
}

int child_wait(struct child *c, int *ret_status, struct err *err)
{
	struct pollfd watch[] = {
		{ .fd = c->pidfd, .events = POLLIN },
		{ .fd = interrupt_fd(), .events = POLLIN },
	};

	assert(c->pid > 0);
	for (;;) {
		int n = poll(watch, 2, -1);
		/* Ctrl-C at the terminal reaches the child, too: the error is the signal then, not
		 * what the child said when it died. */
		int r = interrupt_check(err);

		if (r < 0)
			return r;
		if (n < 0 && errno != EINTR)
			return err_errno(err, ERR_BUILD, errno, "cannot wait for '%s' to end",
					 c->name);
		if (n > 0 && watch[0].revents)
			break;
	}
	reap(c, ret_status);
	return 0;
}

void child_release(struct child *c)
{
	int status;

	if (c->pid > 0) {
		(void)kill(c->pid, SIGKILL);
		reap(c, &status);
	}
	if (c->pidfd >= 0)
		(void)close(c->pidfd);
	free(c->name);
	*c = (struct child)CHILD_INIT;
}

/* Reads until the end of the pipe, or until the child has ended and the pipe is empty: a grandchild
 * may keep it open for ever. */
static int read_output(const struct child *c, int fd, size_t limit, struct text *out,
		       struct err *err)
{
	char buffer[16384];

	for (;;) {
		struct pollfd watch[] = {
			{ .fd = fd, .events = POLLIN },
			{ .fd = c->pidfd, .events = POLLIN },
			{ .fd = interrupt_fd(), .events = POLLIN },
		};
		int n = poll(watch, 3, -1);
		int r = interrupt_check(err);

		if (r < 0)
			return r;
		if (n < 0 && errno != EINTR)
			return err_errno(err, ERR_BUILD, errno, "cannot read what '%s' prints",
					 c->name);
		if (n < 0)
			continue;
		if (!watch[0].revents && watch[1].revents)
			return 0;
		if (!watch[0].revents)
			continue;
		ssize_t got = read(fd, buffer, sizeof(buffer));
		if (got == 0)
			return 0;
		if (got < 0 && errno != EINTR && errno != EAGAIN)
			return err_errno(err, ERR_BUILD, errno, "cannot read what '%s' prints",
					 c->name);
		if (got > 0 && (size_t)got > limit - out->length)
			return err_set(err, ERR_BUILD, "'%s' wrote more than %zu bytes", c->name,
				       limit);
		if (got > 0)
			text_append(out, buffer, (size_t)got);
	}
}

/* Starts the child with a pipe as its standard output, and reads that. */
static int start_and_read(struct child *c, const struct child_options *options, size_t limit,
			  struct text *out, struct err *err)
{
	struct child_options with_pipe = *options;
	int pipe_fd[2], r;

	assert(options->fd_count < CHILD_FD_MAX);
	if (pipe2(pipe_fd, O_CLOEXEC) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot make a pipe");
	cleanup_fd int reader = pipe_fd[0];
	with_pipe.fd[with_pipe.fd_count++] = (struct child_fd){ STDOUT_FILENO, pipe_fd[1] };
	r = child_start(c, &with_pipe, err);
	(void)close(pipe_fd[1]);
	if (r < 0)
		return r;
	return read_output(c, reader, limit, out, err);
}

int child_run(const struct child_options *options, size_t limit, struct text *ret_out,
	      struct err *err)
{
	CLEANUP(child_release) struct child c = CHILD_INIT;
	CLEANUP(text_release) struct text out = { 0 };
	int status = 0, r;
	char buffer[64];

	text_append(&out, "", 0);
	r = ret_out ? start_and_read(&c, options, limit, &out, err) : child_start(&c, options, err);
	if (r < 0)
		return r;
	r = child_wait(&c, &status, err);
	if (r < 0)
		return r;
	if (status != 0)
		return err_set(err, ERR_BUILD, "'%s' failed: %s", options->argv[0],
			       child_status_text(status, buffer));
	if (ret_out) {
		text_release(ret_out);
		*ret_out = TAKE(out);
	}
	return 0;
}

const char *child_status_text(int status, char buffer[64])
{
	if (WIFSIGNALED(status)) {
		const char *name = sigdescr_np(WTERMSIG(status));

		(void)snprintf(buffer, 64, "killed by signal %d (%s)", WTERMSIG(status),
			       name ? name : "unknown");
	} else {
		(void)snprintf(buffer, 64, "exit status %d", WEXITSTATUS(status));
	}
	return buffer;
}
