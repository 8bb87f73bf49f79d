/* SPDX-License-Identifier: MIT */
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
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/text.h"
#include "sandbox/namespace/ns.h"

#define OUTPUT_CHUNK ((size_t)64 << 10)
#define SAID_MAX ((size_t)1 << 20)
#define SIGNALS 64
#define NOT_FOUND 127

static const char *const environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"HOME=/root",
	"USER=root",
	"LOGNAME=root",
	"TERM=dumb",
	"TZ=UTC",
	"LC_ALL=C.UTF-8",
	"DEBIAN_FRONTEND=noninteractive",
	"DEBCONF_NONINTERACTIVE_SEEN=true",
	"PERL_HASH_SEED=0",
	"PYTHONHASHSEED=0",
};

/* A variable named again replaces the one before. */
static void set_variable(struct strv *env, const char *variable)
{
	size_t length = strcspn(variable, "=") + 1;

	for (size_t i = 0; i < env->count; i++) {
		if (strncmp(env->item[i], variable, length) == 0) {
			free(env->item[i]);
			env->item[i] = xstrdup(variable);
			return;
		}
	}
	strv_add(env, variable);
}

static void fill_environment(const struct ns *ns, const char *const *more, struct strv *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(environment); i++)
		strv_add(ret, environment[i]);
	strv_addf(ret, "SOURCE_DATE_EPOCH=%lld", (long long)ns->epoch);
	for (; more && *more; more++)
		set_variable(ret, *more);
}

static int connect_and_limit(const struct ns *ns, const struct ns_job *job, int pipe)
{
	int in = job->in >= 0 ? job->in : open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (in < 0 || dup2(in, STDIN_FILENO) < 0 ||
	    dup2(job->out >= 0 ? job->out : pipe, STDOUT_FILENO) < 0 ||
	    dup2(pipe, STDERR_FILENO) < 0)
		return -errno;
	(void)setsid();
	(void)umask(022);
	ns_limits_apply(ns);
	return 0;
}

static int send_listener(int confined, int listener)
{
	CLEANUP(message_release) struct message m = { .type = MESSAGE_OK };
	CLEANUP(err_release) struct err err = { 0 };

	message_put_fd(&m, listener);
	return message_send(confined, &m, &err);
}

static bool is_recorded(const struct ns *ns, const struct ns_job *job)
{
	return job->record && ns->recorder;
}

/* A recorded command would wait in sendmsg(2) for an answer from whoever is to get the listener. So
 * a process without the filter sends it, which has the same descriptors (CLONE_FILES) and is told
 * its number. */
static pid_t start_courier(int confined, int *ret_tell)
{
	int number, tell[2];
	pid_t pid;

	if (pipe2(tell, O_CLOEXEC) < 0)
		return -errno;
	pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, 0);
	if (pid < 0)
		return -errno;
	if (pid == 0)
		_exit(read_all(tell[0], &number, sizeof(number)) != sizeof(number) ||
		      send_listener(confined, number) < 0);
	*ret_tell = tell[1];
	return pid;
}

static int confine_recorded(struct ns *ns, int confined)
{
	int listener = -1, tell = -1, status = 0;
	pid_t courier = start_courier(confined, &tell);
	int r = courier < 0 ? courier : ns_filter_confine(ns->recorder, &listener);

	if (r == 0)
		r = write_all(tell, &listener, sizeof(listener));
	if (r < 0)
		return r;
	while (waitpid(courier, &status, 0) < 0 && errno == EINTR)
		;
	return status == 0 ? 0 : -EPIPE;
}

static int confine(struct ns *ns, const struct ns_job *job, int pipe, int confined)
{
	int listener = -1;
	int r = connect_and_limit(ns, job, pipe);

	if (r == 0 && job->read_only)
		r = ns_mount_read_only();
	if (r < 0)
		return r;
	if (is_recorded(ns, job))
		return confine_recorded(ns, confined);
	r = ns_filter_confine(ns->filter, &listener);
	if (r < 0)
		return r;
	return send_listener(confined, listener);
}

static void exec_command(struct ns *ns, const struct ns_job *job, int pipe, int confined)
{
	CLEANUP(strv_release) struct strv env = { 0 };
	int r = confine(ns, job, pipe, confined);

	if (r < 0) {
		dprintf(STDERR_FILENO, "cannot confine '%s': %s\n", job->argv[0],
			strerrordesc_np(-r));
		return;
	}
	fill_environment(ns, job->env, &env);
	environ = env.item;
	(void)execvp(job->argv[0], (char *const *)(uintptr_t)job->argv);
	dprintf(STDERR_FILENO, "cannot run '%s': %s\n", job->argv[0], strerrordesc_np(errno));
}

static int do_work(struct ns_job *job, int pipe)
{
	CLEANUP(message_release) struct message m = { 0 };
	CLEANUP(err_release) struct err err = { 0 };

	if (job->work(job, pipe, &err) == 0)
		return 0;
	message_put_err(&m, &err);
	(void)write_all(pipe, m.body.data, m.body.length);
	return 1;
}

/* Otherwise a forked worker would keep the other jobs' ends of its own pipes open. */
static void close_others(struct ns_job *job, size_t count, size_t me)
{
	for (size_t i = 0; i < count; i++) {
		if (i == me)
			continue;
		if (job[i].in >= 0)
			(void)close(job[i].in);
		if (job[i].out >= 0)
			(void)close(job[i].out);
	}
}

/* As a program expects them, whatever is ignored where netrescue was started (nohup). The kernel is
 * asked itself, since the C library keeps two signals back. */
static void reset_signals(void)
{
	static const struct {
		void (*handler)(int);
		unsigned long flags;
		void (*restorer)(void);
		uint64_t mask;
	} by_default = { 0 };
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	for (int number = 1; number <= SIGNALS; number++)
		(void)syscall(SYS_rt_sigaction, number, &by_default, NULL, sizeof(uint64_t));
}

static int start(struct ns *ns, struct ns_job *job, size_t count, size_t me, struct err *err)
{
	struct ns_job *j = &job[me];
	int output[2] = { -1, -1 }, confined[2] = { -1, -1 };

	if (pipe2(output, O_CLOEXEC) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot make a pipe");
	j->pipe = output[0];
	cleanup_fd int write_end = output[1];
	if (j->argv && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, confined) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot make a socket");
	j->confined = confined[0];
	cleanup_fd int confined_end = confined[1];
	j->pid = fork();
	if (j->pid < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot start a process in the sandbox");
	if (j->pid == 0) {
		if (!j->argv) {
			close_others(job, count, me);
			_exit(do_work(j, write_end));
		}
		reset_signals();
		exec_command(ns, j, write_end, confined_end);
		_exit(NOT_FOUND);
	}
	if (j->in >= 0)
		(void)close(take_fd(&j->in));
	if (j->out >= 0)
		(void)close(take_fd(&j->out));
	return 0;
}

/* Passes on what the job has written; closes the pipe at its end. */
static int take_output(struct ns *ns, struct ns_job *j, size_t index, struct ns_watch *w,
		       struct err *err)
{
	CLEANUP(message_release) struct message m = { .type = MESSAGE_OUTPUT };
	char chunk[OUTPUT_CHUNK];
	ssize_t n = read(j->pipe, chunk, sizeof(chunk));

	if (n < 0 && errno == EINTR)
		return 0;
	if (n <= 0) {
		(void)close(take_fd(&j->pipe));
		return 0;
	}
	if (!j->argv) {
		if (j->said.length + (size_t)n <= SAID_MAX)
			text_append(&j->said, chunk, (size_t)n);
		return 0;
	}
	ns_watch_heard(ns, w);
	message_put_u64(&m, index);
	message_put_bytes(&m, chunk, (size_t)n);
	return message_send(ns->sock, &m, err);
}

static void take_listener(struct ns_job *j)
{
	CLEANUP(message_release) struct message m = { 0 };
	CLEANUP(err_release) struct err ignored = { 0 };

	/* A command that failed earlier sends none: its output says why. */
	if (message_receive(j->confined, -1, &m, &ignored) == 1)
		j->listener = message_take_fd(&m);
	(void)close(take_fd(&j->confined));
}

/* *ret_failed: whether one of them has failed that may not. */
static size_t reap(const struct ns *ns, struct ns_job *job, size_t count, bool *ret_failed)
{
	struct signalfd_siginfo info;
	size_t ended = 0;
	int status;
	pid_t pid;

	(void)!read(ns->signals, &info, sizeof(info));
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < count; i++) {
			if (job[i].pid != pid)
				continue;
			job[i].pid = -1;
			job[i].status = status;
			*ret_failed =
				*ret_failed || (job[i].argv && status != 0 && !job[i].may_fail);
			ended++;
		}
	}
	return ended;
}

static int serve_job(struct ns *ns, struct ns_job *job, size_t index, const struct pollfd *p,
		     struct ns_watch *w, struct err *err)
{
	if (p[1].revents & POLLIN && is_recorded(ns, job))
		ns_record_answer(ns->record, job->listener);
	else if (p[1].revents & POLLIN)
		ns_filter_answer(ns, job->listener);
	else if (p[1].revents != 0)
		(void)close(take_fd(&job->listener)); /* everyone below that filter has ended */
	if (p[2].revents != 0)
		take_listener(job);
	return p[0].revents != 0 ? take_output(ns, job, index, w, err) : 0;
}

/* What wait_all() waits for: the main program, ended children, three descriptors of each job. */
static void fill_poll(const struct ns *ns, const struct ns_job *job, size_t count, struct pollfd *p)
{
	p[0] = (struct pollfd){ .fd = ns->sock, .events = POLLRDHUP };
	p[1] = (struct pollfd){ .fd = ns->signals, .events = POLLIN };
	for (size_t i = 0; i < count; i++) {
		struct pollfd *q = &p[2 + 3 * i];

		q[0] = (struct pollfd){ .fd = job[i].pipe, .events = POLLIN };
		q[1] = (struct pollfd){ .fd = job[i].listener, .events = POLLIN };
		q[2] = (struct pollfd){ .fd = job[i].confined, .events = POLLIN };
	}
}

static int wait_all(struct ns *ns, struct ns_job *job, size_t count, struct ns_watch *w,
		    struct err *err)
{
	cleanup_free struct pollfd *p = xcalloc(count * 3 + 2, sizeof(*p));
	bool failed = false;

	for (size_t running = count; running > 0 && !failed;) {
		int r = ns_watch_look(ns, w, job, count, err);

		if (r < 0)
			return r;
		fill_poll(ns, job, count, p);
		r = poll(p, 2 + 3 * count, ns_watch_wait(w));
		if (r < 0 && errno != EINTR)
			return err_errno(err, ERR_BUILD, errno, "cannot wait in the sandbox");
		if (r <= 0)
			continue;
		if (p[0].revents != 0)
			_exit(0); /* nobody is left to tell; the kernel ends the rest */
		for (size_t i = 0; i < count; i++) {
			r = serve_job(ns, &job[i], i, &p[2 + 3 * i], w, err);
			if (r < 0)
				return r;
		}
		if (p[1].revents != 0)
			running -= reap(ns, job, count, &failed);
	}
	return 0;
}

/* Kills daemons and whatever else still runs: we are pid 1, so -1 is everyone but us. */
static void kill_rest(void)
{
	(void)kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

/* The error of the work whose fault it was: one that only lost its reader (EPIPE) counts only where
 * no other failed. */
static int work_failed(struct ns_job *job, size_t count, struct err *err)
{
	CLEANUP(err_release) struct err broken = { 0 };

	for (size_t i = 0; i < count; i++) {
		struct message m = { .body = job[i].said }; /* borrowed */
		CLEANUP(err_release) struct err failure = { 0 };

		if (job[i].argv || job[i].status == 0)
			continue;
		if (!WIFEXITED(job[i].status))
			return err_set(err, ERR_BUILD, "a sandbox process was killed by signal %d",
				       WTERMSIG(job[i].status));
		(void)message_take_err(&m, &failure);
		if (failure.errnum != EPIPE)
			return err_move(err, &failure);
		if (broken.class == ERR_NONE)
			err_move(&broken, &failure);
	}
	return broken.class == ERR_NONE ? 0 : err_move(err, &broken);
}

static int run_jobs(struct ns *ns, struct ns_job *job, size_t count, struct ns_watch *w,
		    struct err *err)
{
	for (size_t i = 0; i < count; i++)
		if (job[i].record)
			ns_record_begin(ns, job[i].argv[0]);
	for (size_t i = 0; i < count; i++) {
		int r = start(ns, job, count, i, err);

		if (r < 0)
			return r;
	}
	return wait_all(ns, job, count, w, err);
}

/* What they wrote before they ended or were killed. */
static int drain(struct ns *ns, struct ns_job *job, size_t count, struct ns_watch *w,
		 struct err *err)
{
	for (size_t i = 0; i < count; i++)
		while (job[i].pipe >= 0) {
			int r = take_output(ns, &job[i], i, w, err);

			if (r < 0)
				return r;
		}
	return 0;
}

int ns_run(struct ns *ns, struct ns_job *job, size_t count, struct err *err)
{
	struct ns_watch w;
	int r;

	ns_watch_begin(ns, &w);
	r = run_jobs(ns, job, count, &w, err);
	kill_rest();
	if (r < 0)
		return r;
	r = drain(ns, job, count, &w, err);
	if (r < 0)
		return r;
	r = ns_watch_end(ns, job, count, err);
	return r < 0 ? r : work_failed(job, count, err);
}

void ns_job_release(struct ns_job *job)
{
	int *const fd[] = { &job->in, &job->out, &job->pipe, &job->listener, &job->confined };

	for (size_t i = 0; i < ARRAY_SIZE(fd); i++)
		if (*fd[i] >= 0)
			(void)close(take_fd(fd[i]));
	text_release(&job->said);
}
