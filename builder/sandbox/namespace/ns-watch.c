/* SPDX-License-Identifier: MIT */
/*
 * Keeps the scripts within their limits. While commands run the server counts the processes forty
 * times a second and looks ten times at what they take (ns-usage.c), fifty times once that is more
 * than half of what they may. A script that wants more ends within a fraction of a second, and with
 * it the request. The kernel's own limits would be of little help: resource limits are a process's,
 * or a user's and there are 65,536 of them in the sandbox; and they would only make some call in
 * the middle of a script fail.
 */
#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/quantity.h"
#include "base/text.h"
#include "sandbox/namespace/ns.h"

#define COUNT_MS 25U
#define LOOK_MS 100U
#define LOOK_CLOSE_MS 20U
/* A look at thousands of processes takes a while: not more than a tenth of the time is spent so. */
#define LOOK_SHARE 10U
#define MEBI (1ULL << 20)
#define MANUAL "docs/sandbox.md"
/* How many processes are asked whose they are: those that fail to fork are soon gone. */
#define ASKED_MAX 64U

#define NO_INODE                                                                                   \
	"the file system that the tree lies on has no inode left, which `df -i` shows: remove "    \
	"files there, or choose another place with --store DIR"

static uint64_t now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static uint64_t patience(const struct ns *ns)
{
	return (uint64_t)ns->limits.silence * 1000;
}

void ns_watch_begin(const struct ns *ns, struct ns_watch *w)
{
	*w = (struct ns_watch){ .heard = now(), .patience = patience(ns) };
}

void ns_watch_heard(const struct ns *ns, struct ns_watch *w)
{
	w->heard = now();
	w->patience = patience(ns);
}

int ns_watch_wait(const struct ns_watch *w)
{
	uint64_t time = now();

	return w->count > time ? (int)(w->count - time) : 0;
}

/* ---- memory, processes, files --------------------------------------------------------------- */

static const struct ns_process *largest(const struct ns_usage *u)
{
	const struct ns_process *found = NULL;

	for (size_t i = 0; i < u->count; i++)
		if (!found || u->process[i].memory > found->memory)
			found = &u->process[i];
	return found;
}

static unsigned long long mebi(uint64_t bytes)
{
	return (bytes + MEBI / 2) / MEBI;
}

static bool lacks_inodes(const struct ns *ns)
{
	struct statvfs v;

	/* btrfs, which has no fixed number, says 0 of 0. */
	return fstatvfs(ns->tree, &v) == 0 && v.f_files > 0 && v.f_ffree == 0;
}

/* What runs now: the script that is timed, or the first command. */
static char *running_script(const struct ns *ns, const struct ns_usage *u, const struct ns_job *job,
			    size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (job[i].script > 0)
			return ns_usage_script(ns, u, job, count, job[i].script);
	return ns_usage_script(ns, u, job, count, 0);
}

static int check_memory(const struct ns *ns, struct ns_usage *u, const struct ns_job *job,
			size_t count, struct err *err)
{
	uint64_t most = ns->limits.memory;
	const struct ns_process *p;

	if (u->memory + u->tree_bytes <= most)
		return 0;
	ns_usage_count_exactly(ns, u);
	if (u->memory + u->tree_bytes <= most)
		return 0;
	p = largest(u);
	cleanup_free char *script = p && u->memory > u->tree_bytes
					    ? ns_usage_script(ns, u, job, count, p->pid)
					    : running_script(ns, u, job, count);
	cleanup_free char *tree =
		xasprintf(", and the tree in memory %llu MiB", mebi(u->tree_bytes));
	err_set(err, ERR_BUILD,
		"%s takes more memory than the sandbox may have, %llu MiB: its largest process has "
		"%llu MiB, all processes have %llu MiB%s",
		script, mebi(most), mebi(p ? p->memory : 0), mebi(u->memory),
		u->tree_bytes > 0 ? tree : "");
	return err_hint(err,
			"if that is no mistake of the script, --memory SIZE permits more%s "
			"(" MANUAL ")",
			u->tree_bytes > 0 ? ", and with NETRESCUE_TREE=disk the tree takes none"
					  : "");
}

/* What cannot be watched is not let run. */
static int check_hidden(const struct ns *ns, const struct ns_usage *u, const struct ns_job *job,
			size_t count, struct err *err)
{
	cleanup_free char *script = NULL;

	if (u->hidden == 0)
		return 0;
	script = ns_usage_script(ns, u, job, count, u->hidden);
	return err_set(
		err, ERR_BUILD,
		"%s has a process of which /proc/PID/status does not tell how much memory it "
		"takes, so its limit cannot be kept",
		script);
}

/* The kernel has counted what we cannot see. */
static int check_group(const struct ns *ns, const struct ns_usage *u, const struct ns_job *job,
		       size_t count, struct err *err)
{
	cleanup_free char *script = NULL;

	if (!ns_cgroup_was_full(ns->events))
		return 0;
	script = running_script(ns, u, job, count);
	err_set(err, ERR_BUILD,
		"%s takes more memory than the sandbox may have, %llu MiB, and the kernel has "
		"killed a process of its control group",
		script, mebi(ns->limits.memory));
	return err_hint(err, "if that is no mistake of the script, --memory SIZE permits more "
			     "(" MANUAL ")");
}

static int check_processes(const struct ns *ns, const struct ns_usage *u, const struct ns_job *job,
			   size_t count, struct err *err)
{
	cleanup_free char *script = NULL;

	if (u->threads <= ns->limits.processes)
		return 0;
	for (size_t i = u->count; !script && i > 0 && u->count - i < ASKED_MAX; i--)
		script = ns_usage_package_script(ns, u->process[i - 1].pid);
	if (!script)
		script = ns_usage_script(ns, u, job, count, 0);
	err_set(err, ERR_BUILD, "%s starts more processes than the sandbox may have, %llu", script,
		(unsigned long long)ns->limits.processes);
	return err_hint(err, "if that is no mistake of the script, NETRESCUE_SANDBOX_PROCESSES=N "
			     "permits more (" MANUAL ")");
}

static int check_tree(const struct ns *ns, const struct ns_usage *u, const struct ns_job *job,
		      size_t count, struct err *err)
{
	cleanup_free char *script = NULL;

	if (!u->out_of_files && !u->out_of_bytes)
		return 0;
	script = running_script(ns, u, job, count);
	if (u->out_of_files)
		err_set(err, ERR_BUILD,
			"the tree has %llu files, as many as its file system in memory may hold, "
			"while %s runs",
			(unsigned long long)u->tree_files, script);
	else
		err_set(err, ERR_BUILD,
			"the tree has filled its file system in memory, %llu MiB, while %s runs",
			mebi(u->tree_bytes), script);
	return err_hint(err, "with NETRESCUE_TREE=disk the tree lies in the store; --memory SIZE "
			     "permits more in memory (" MANUAL ")");
}

/* ---- time ----------------------------------------------------------------------------------- */

static bool is_dpkg(const struct ns_job *job)
{
	const char *slash = strrchr(job->argv[0], '/');

	return streq(slash ? slash + 1 : job->argv[0], "dpkg");
}

/* dpkg runs many scripts in a row, each as its child; any other command is a script by itself. */
static pid_t find_script(const struct ns_usage *u, const struct ns_job *job)
{
	pid_t found = 0;

	if (!is_dpkg(job))
		return job->pid;
	for (size_t i = 0; i < u->count; i++)
		if (u->process[i].parent == job->pid && (found == 0 || u->process[i].pid < found))
			found = u->process[i].pid;
	return found > 0 ? found : job->pid;
}

/* Measured by our own clock, not by output: a script that says something now and then may hang as
 * well. */
static int check_time(const struct ns *ns, const struct ns_usage *u, struct ns_job *job,
		      size_t count, struct err *err)
{
	uint64_t time = now();
	char most[32];

	for (size_t i = 0; i < count; i++) {
		pid_t script = job[i].is_script && job[i].pid > 0 ? find_script(u, &job[i]) : 0;
		cleanup_free char *name = NULL;

		if (script != job[i].script) {
			job[i].script = script;
			job[i].since = time;
		}
		if (script == 0 || ns->limits.timeout == 0 ||
		    time - job[i].since < (uint64_t)ns->limits.timeout * 1000)
			continue;
		name = ns_usage_script(ns, u, job, count, script);
		err_set(err, ERR_BUILD, "%s has run for %s, its limit, and was ended", name,
			human_duration(ns->limits.timeout, most));
		return err_hint(err, "a script that waits has neither a network nor anybody to "
				     "answer it; --script-timeout DURATION gives it more time");
	}
	return 0;
}

static bool has_scripts(const struct ns_job *job, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (job[i].is_script)
			return true;
	return false;
}

static int warn_of_silence(const struct ns *ns, struct ns_watch *w, const struct ns_usage *u,
			   const struct ns_job *job, size_t count, struct err *err)
{
	CLEANUP(message_release) struct message m = { .type = MESSAGE_WARNING };
	cleanup_free char *script = NULL, *line = NULL;
	uint64_t silence = now() - w->heard;
	char since[32];

	if (!has_scripts(job, count) || silence < w->patience)
		return 0;
	w->patience *= 2;
	script = running_script(ns, u, job, count);
	line = xasprintf("%s has said nothing for %s; Ctrl-C ends the build, and with "
			 "--script-timeout DURATION such a script ends by itself",
			 script, human_duration((unsigned)(silence / 1000), since));
	message_put_text(&m, line);
	return message_send(ns->sock, &m, err);
}

/* ---- the watch ------------------------------------------------------------------------------ */

static int check_all(const struct ns *ns, struct ns_watch *w, struct ns_usage *u,
		     struct ns_job *job, size_t count, struct err *err)
{
	int r = check_time(ns, u, job, count, err);

	if (r < 0)
		return r;
	r = check_processes(ns, u, job, count, err);
	if (r < 0)
		return r;
	r = check_hidden(ns, u, job, count, err);
	if (r < 0)
		return r;
	r = check_memory(ns, u, job, count, err);
	if (r < 0)
		return r;
	r = check_group(ns, u, job, count, err);
	if (r < 0)
		return r;
	r = check_tree(ns, u, job, count, err);
	return r < 0 ? r : warn_of_silence(ns, w, u, job, count, err);
}

static bool is_close(const struct ns *ns, const struct ns_usage *u)
{
	return u->memory + u->tree_bytes > ns->limits.memory / 2 ||
	       u->threads > ns->limits.processes / 2;
}

/* A script that forks for ever is to be noticed before it is at the limits of others. */
static int count_only(const struct ns *ns, const struct ns_job *job, size_t count, struct err *err)
{
	CLEANUP(ns_usage_release) struct ns_usage u = { 0 };

	ns_usage_count(ns, &u);
	return check_processes(ns, &u, job, count, err);
}

int ns_watch_look(struct ns *ns, struct ns_watch *w, struct ns_job *job, size_t count,
		  struct err *err)
{
	CLEANUP(ns_usage_release) struct ns_usage u = { 0 };
	uint64_t begin = now(), pause;
	int r;

	if (begin < w->count)
		return 0;
	w->count = begin + COUNT_MS;
	r = count_only(ns, job, count, err);
	if (r < 0 || begin < w->look)
		return r;
	ns_usage_read(ns, &u);
	r = check_all(ns, w, &u, job, count, err);
	pause = (now() - begin) * LOOK_SHARE;
	if (pause < (is_close(ns, &u) ? LOOK_CLOSE_MS : LOOK_MS))
		pause = is_close(ns, &u) ? LOOK_CLOSE_MS : LOOK_MS;
	w->look = now() + pause;
	return r;
}

static bool has_failed(const struct ns_job *job, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (job[i].argv && job[i].status != 0)
			return true;
	return false;
}

/* A script that cannot write mostly ends before anybody looks. */
int ns_watch_end(const struct ns *ns, const struct ns_job *job, size_t count, struct err *err)
{
	CLEANUP(ns_usage_release) struct ns_usage u = { 0 };
	int r;

	if (!has_failed(job, count))
		return 0;
	r = check_group(ns, &u, job, count, err);
	if (r < 0)
		return r;
	if (ns->in_memory) {
		ns_usage_read(ns, &u);
		return check_tree(ns, &u, job, count, err);
	}
	if (!lacks_inodes(ns))
		return 0;
	cleanup_free char *script = ns_usage_script(ns, &u, job, count, 0);
	err_set(err, ERR_BUILD,
		"%s failed, and the file system that the tree lies on has no inode left", script);
	return err_hint(err, NO_INODE);
}

/* ---- errors of others ----------------------------------------------------------------------- */

void ns_watch_explain(const struct ns *ns, struct err *failure)
{
	bool inodes = lacks_inodes(ns);

	if (failure->errnum != ENOSPC || (!ns->in_memory && !inodes))
		return;
	free(take_ptr(failure->hint));
	if (ns->in_memory)
		err_hint(failure,
			 "the tree's file system in memory %s: with NETRESCUE_TREE=disk it lies in "
			 "the store; --memory SIZE permits more in memory (" MANUAL ")",
			 inodes ? "has as many files as it may hold" : "is full");
	else
		err_hint(failure, NO_INODE);
}
