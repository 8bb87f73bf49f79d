/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/child.h"
#include "base/io.h"
#include "base/memory.h"
#include "base/text.h"
#include "tar/extract.h"
#include "sandbox/namespace/ns.h"
#include "tar/pack.h"

#define JOBS_MAX 64

int ns_request_put(struct ns *ns, struct message *request, struct message *reply, struct err *err)
{
	cleanup_free char *where = message_get_text(request);
	bool exact = message_get_u64(request) != 0;
	cleanup_fd int tar = message_take_fd(request);
	int r = message_end(request, err);

	(void)ns;
	(void)reply;
	if (r < 0)
		return r;
	cleanup_fd int root = ns_open(where, O_PATH | O_DIRECTORY, 0);
	if (root < 0)
		return err_errno(err, ERR_BUILD, -root, "cannot unpack below '%s' in the tree",
				 where);
	r = exact ? extract_exact(tar, root, "snapshot", err)
		  : extract_tar(tar, root, "archive", err);
	return r < 0 ? err_wrap(err, "unpacking below '%s' in the tree", where) : 0;
}

/* ---- .debs, several at a time --------------------------------------------------------------- */

struct extract_work {
	const struct strv *debs;
	size_t *next; /* in memory shared by the workers */
};

static int extract_one(const char *path, bool directories_only, struct err *err)
{
	cleanup_fd int deb = ns_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	cleanup_fd int root = ns_open("/", O_PATH | O_DIRECTORY, 0);

	if (deb < 0)
		return err_errno(err, ERR_BUILD, -deb, "cannot open '%s' in the tree", path);
	if (root < 0)
		return err_errno(err, ERR_BUILD, -root, "cannot open the tree");
	return extract_deb(deb, root, directories_only, path, err);
}

static int extract_some(struct ns_job *job, int result, struct err *err)
{
	const struct extract_work *w = job->data;

	(void)result;
	for (;;) {
		size_t i = __atomic_fetch_add(w->next, 1, __ATOMIC_RELAXED);
		int r;

		if (i >= w->debs->count)
			return 0;
		r = extract_one(w->debs->item[i], false, err);
		if (r < 0)
			return r;
	}
}

static int extract_parallel(struct ns *ns, const struct strv *debs, size_t jobs, struct err *err)
{
	struct ns_job job[JOBS_MAX];
	size_t *next = mmap(NULL, sizeof(*next), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);
	struct extract_work work = { debs, next };
	int r;

	if (next == MAP_FAILED)
		return err_errno(err, ERR_BUILD, errno, "cannot share memory");
	for (size_t i = 0; i < jobs; i++) {
		job[i] = (struct ns_job)NS_JOB_INIT;
		job[i].work = extract_some;
		job[i].data = &work;
	}
	r = ns_run(ns, job, jobs, err);
	for (size_t i = 0; i < jobs; i++)
		ns_job_release(&job[i]);
	(void)munmap(next, sizeof(*next));
	return r;
}

int ns_request_extract(struct ns *ns, struct message *request, struct message *reply,
		       struct err *err)
{
	CLEANUP(strv_release) struct strv debs = { 0 };
	uint64_t jobs = message_get_u64(request);
	int r;

	(void)reply;
	message_get_list(request, &debs);
	r = message_end(request, err);
	if (r < 0)
		return r;
	/* First the directories, in the order given: two packages that disagree about a mode
	 * must not race for it. */
	for (size_t i = 0; i < debs.count; i++) {
		r = extract_one(debs.item[i], true, err);
		if (r < 0)
			return r;
	}
	jobs = jobs < 1 ? 1 : jobs > JOBS_MAX ? JOBS_MAX : jobs;
	return extract_parallel(ns, &debs, jobs, err);
}

/* ---- the archive ---------------------------------------------------------------------------- */

static int pack_work(struct ns_job *job, int result, struct err *err)
{
	static const char *const skip[] = { ".netrescue", NULL };
	const struct ns *ns = job->data;
	char digest[DIGEST_HEX];
	uint64_t size;
	int r = pack_tree(ns->tree, skip, ns->epoch, job->out, digest, &size, err);

	if (r < 0)
		return r;
	dprintf(result, "%s %llu", digest, (unsigned long long)size);
	return 0;
}

/* The filter, a program of the image, gets only pipes: the real output is a file of the host. */
static int relay_work(struct ns_job *job, int result, struct err *err)
{
	(void)result;
	return copy_fd(job->in, job->out, NULL, err);
}

static int connect_jobs(struct ns_job *from, struct ns_job *to, struct err *err)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot make a pipe");
	to->in = fd[0];
	from->out = fd[1];
	return 0;
}

static int check_filter(const struct ns_job *filter, const char *name, struct err *err)
{
	char status[64];

	if (filter->status == 0)
		return 0;
	return err_set(err, ERR_BUILD, "'%s' failed on the archive: %s", name,
		       child_status_text(filter->status, status));
}

static int archive_through(struct ns *ns, struct ns_job job[3], const struct strv *argv, int out,
			   struct err *err)
{
	int r;

	job[0].work = pack_work;
	job[0].data = ns;
	if (argv->count == 0) {
		job[0].out = out;
		return ns_run(ns, job, 1, err);
	}
	job[1].argv = (const char *const *)argv->item;
	job[1].read_only = true;
	job[1].may_fail = true;
	job[2].work = relay_work;
	job[2].out = out;
	r = connect_jobs(&job[0], &job[1], err);
	if (r < 0)
		return r;
	r = connect_jobs(&job[1], &job[2], err);
	if (r < 0)
		return r;
	r = ns_run(ns, job, 3, err);
	/* A filter that died is why the others could not go on. */
	if (r == -EPIPE && job[1].status != 0) {
		err_release(err);
		r = 0;
	}
	if (r < 0)
		return r;
	return check_filter(&job[1], argv->item[0], err);
}

static int reply_digest(const struct ns_job *job, struct message *reply, struct err *err)
{
	char digest[DIGEST_HEX];
	unsigned long long size;

	if (!job->said.data || sscanf(job->said.data, "%64s %llu", digest, &size) != 2)
		return err_set(err, ERR_BUILD, "the archive of the tree has no digest");
	message_put_text(reply, digest);
	message_put_u64(reply, size);
	return 0;
}

static int pack_through(struct ns *ns, struct ns_job job[3], const struct strv *argv, int out,
			struct message *reply, struct err *err)
{
	int r = archive_through(ns, job, argv, out, err);

	return r < 0 ? r : reply_digest(&job[0], reply, err);
}

int ns_request_archive(struct ns *ns, struct message *request, struct message *reply,
		       struct err *err)
{
	struct ns_job job[3] = { NS_JOB_INIT, NS_JOB_INIT, NS_JOB_INIT };
	CLEANUP(strv_release) struct strv argv = { 0 };
	int r;

	message_get_list(request, &argv);
	cleanup_fd int out = message_take_fd(request);
	r = message_end(request, err);
	if (r < 0)
		return r;
	r = pack_through(ns, job, &argv, take_fd(&out), reply, err);
	for (size_t i = 0; i < ARRAY_SIZE(job); i++)
		ns_job_release(&job[i]);
	return r;
}

/* ---- the tree as it is ---------------------------------------------------------------------- */

static int snapshot_work(struct ns_job *job, int result, struct err *err)
{
	/* What the sandbox mounts over belongs to no tree. */
	static const char *const skip[] = { ".netrescue", "dev", "proc", NULL };
	const int *directory = job->data;

	(void)result;
	return pack_exact(*directory, skip, job->out, err);
}

int ns_request_snapshot(struct ns *ns, struct message *request, struct message *reply,
			struct err *err)
{
	cleanup_free char *where = message_get_text(request);
	cleanup_fd int out = message_take_fd(request);
	struct ns_job job = NS_JOB_INIT;
	cleanup_fd int directory = -1;
	int r = message_end(request, err);

	(void)reply;
	if (r < 0)
		return r;
	if (streq(where, "/"))
		directory = fcntl(ns->tree, F_DUPFD_CLOEXEC, 3);
	else
		directory = ns_open(where, O_RDONLY | O_DIRECTORY, 0);
	if (directory < 0)
		return err_set(err, ERR_BUILD, "cannot read '%s' in the tree", where);
	job.work = snapshot_work;
	job.data = &directory;
	job.out = take_fd(&out);
	r = ns_run(ns, &job, 1, err);
	ns_job_release(&job);
	return r;
}
