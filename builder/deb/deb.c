/* SPDX-License-Identifier: MIT */
#include "deb/deb.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/child.h"
#include "base/err-line.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/progress.h"

#define FACT "plain"
#define WORKERS_MAX 64
/* Bytes: a control file that fits into a fact, or an error, which may quote a path and a line of a
 * recipe. */
#define ANSWER_MAX (STORE_FACT_MAX + 1024)

struct worker {
	struct child child;
	int fd; /* its stdin and stdout */
	struct text answer;
	const struct package *package; /* the one it is rewriting; NULL: it is idle */
};

struct plan {
	struct store *store;
	const struct package **todo; /* biggest first */
	size_t count;
	size_t next;
	size_t done;
	struct worker *worker;
	size_t workers;
};

static int compare_size(const void *a, const void *b)
{
	const struct package *x = *(const struct package *const *)a;
	const struct package *y = *(const struct package *const *)b;

	if (x->size != y->size)
		return x->size < y->size ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void release_plan(struct plan *plan)
{
	bool killed = false;

	for (size_t i = 0; i < plan->workers; i++) {
		struct worker *w = &plan->worker[i];

		if (w->fd >= 0)
			close(w->fd);
		killed |= w->package != NULL;
		child_release(&w->child);
		text_release(&w->answer);
	}
	if (killed)
		store_sweep(plan->store);
	free(plan->worker);
	free(plan->todo);
}

/* 1: the store knows the plain form and has a blob of that name, 0: it does not. That this blob was
 * made from the original is what the fact's tag says. Whether its content is still what its name
 * says is found out when it is opened, which hashes it anyway. */
static int known_plain(struct store *s, const char *original, char ret[DIGEST_HEX], struct err *err)
{
	cleanup_free char *plain = NULL;
	int r = store_fact_get(s, FACT, original, &plain, err);

	if (r < 0)
		return r;
	if (!plain)
		return 0;
	plain[strcspn(plain, "\n")] = '\0';
	if (!digest_is_valid(plain) || !store_has(s, plain))
		return 0;
	memcpy(ret, plain, DIGEST_HEX);
	return 1;
}

/* A package that has both roles is one file. */
static bool is_planned(const struct plan *plan, const char *sha256)
{
	for (size_t i = 0; i < plan->count; i++)
		if (streq(plan->todo[i]->sha256, sha256))
			return true;
	return false;
}

static int plan_make(struct store *s, const struct packages *p, struct plan *plan, struct err *err)
{
	char plain[DIGEST_HEX];

	plan->store = s;
	plan->todo = xcalloc(p->count + 1, sizeof(*plan->todo));
	for (size_t i = 0; i < p->count; i++) {
		int r;

		if (is_planned(plan, p->item[i].sha256))
			continue;
		r = known_plain(s, p->item[i].sha256, plain, err);
		if (r < 0)
			return r;
		if (r == 0)
			plan->todo[plan->count++] = &p->item[i];
	}
	qsort(plan->todo, plan->count, sizeof(*plan->todo), compare_size);
	return 0;
}

static int worker_start(struct plan *plan, struct err *err)
{
	struct worker *w = &plan->worker[plan->workers];
	const char *const argv[] = { "/proc/self/exe", "deb-worker", store_path(plan->store),
				     NULL };
	cleanup_fd int theirs = -1;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot make a socket for a worker");
	*w = (struct worker){ .child = CHILD_INIT, .fd = pair[0] };
	theirs = pair[1];
	plan->workers++;
	return child_start(&w->child,
			   &(struct child_options){ .argv = argv,
						    .fd = { { 0, theirs }, { 1, theirs } },
						    .fd_count = 2 },
			   err);
}

static int worker_died(struct worker *w, struct err *err)
{
	char text[64];
	int status, r;

	r = child_wait(&w->child, &status, err);
	if (r < 0)
		return r;
	err_set(err, ERR_BUILD, "package '%s': the worker that rewrote it ended (%s)",
		w->package->name, child_status_text(status, text));
	return err_hint(err, "the kernel's log tells whether memory ran out; try again with -j1");
}

static int worker_give(struct plan *plan, struct worker *w, struct err *err)
{
	char request[DIGEST_HEX + 32];
	int n;

	w->package = NULL;
	if (plan->next == plan->count)
		return 0;
	w->package = plan->todo[plan->next++];
	n = snprintf(request, sizeof(request), "%s %llu\n", w->package->sha256,
		     (unsigned long long)w->package->installed_size);
	if (send(w->fd, request, (size_t)n, MSG_NOSIGNAL) == n)
		return 0;
	return worker_died(w, err);
}

/* line: "ok PLAIN-DIGEST CONTROL", which is cut in pieces. */
static int keep_plain(struct plan *plan, const struct worker *w, char *line, struct err *err)
{
	const char *original = w->package->sha256;
	char *plain = starts_with(line, "ok ") ? line + strlen("ok ") : NULL;
	char *control = plain ? strchr(plain, ' ') : NULL;
	int r;

	if (control)
		*control++ = '\0';
	if (!control || !digest_is_valid(plain))
		return err_set(err, ERR_BUILD, "package '%s': cannot understand its worker: '%s'",
			       w->package->name, line);
	r = deb_keep_control(plan->store, original, control, err);
	return r < 0 ? r : store_fact_set(plan->store, FACT, original, plain, err);
}

static int worker_answered(struct plan *plan, struct worker *w, struct err *err)
{
	char *line = w->answer.data;
	int r;

	line[strcspn(line, "\n")] = '\0';
	if (starts_with(line, "error ")) {
		(void)err_from_line(line + strlen("error "), err);
		return err_wrap(err, "package '%s' %s", w->package->name, w->package->version);
	}
	r = keep_plain(plan, w, line, err);
	if (r < 0)
		return r;
	plan->done++;
	progress_update(plan->done);
	progress_detail("%s", w->package->name);
	return 0;
}

static int worker_read(struct plan *plan, struct worker *w, struct err *err)
{
	char block[512];
	ssize_t n = read(w->fd, block, sizeof(block));
	int r;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0)
		return worker_died(w, err);
	text_append(&w->answer, block, (size_t)n);
	if (w->answer.length > ANSWER_MAX)
		return err_set(err, ERR_BUILD, "package '%s': its worker's answer has no end",
			       w->package->name);
	if (!memchr(w->answer.data, '\n', w->answer.length))
		return 0;
	r = worker_answered(plan, w, err);
	if (r < 0)
		return r;
	text_release(&w->answer);
	return worker_give(plan, w, err);
}

/* Runs until every worker is idle again. */
static int plan_run(struct plan *plan, struct err *err)
{
	while (plan->done < plan->count) {
		struct pollfd fds[WORKERS_MAX + 1] = { { .fd = interrupt_fd(), .events = POLLIN } };
		int r = interrupt_check(err);

		if (r < 0)
			return r;
		for (size_t i = 0; i < plan->workers; i++)
			fds[i + 1] = (struct pollfd){
				.fd = plan->worker[i].package ? plan->worker[i].fd : -1,
				.events = POLLIN,
			};
		if (poll(fds, plan->workers + 1, -1) < 0 && errno != EINTR)
			return err_errno(err, ERR_BUILD, errno,
					 "cannot wait for the workers that rewrite packages");
		for (size_t i = 0; i < plan->workers; i++) {
			if (!fds[i + 1].revents)
				continue;
			r = worker_read(plan, &plan->worker[i], err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int make_plain(struct store *s, const struct packages *p, unsigned jobs, bool show,
		      struct err *err)
{
	CLEANUP(release_plan) struct plan plan = { 0 };
	int r = plan_make(s, p, &plan, err);

	if (r < 0 || plan.count == 0)
		return r;
	if (show)
		progress_total(plan.count);
	if (jobs == 0)
		jobs = 1;
	if (jobs > WORKERS_MAX)
		jobs = WORKERS_MAX;
	if (jobs > plan.count)
		jobs = (unsigned)plan.count;
	plan.worker = xcalloc(jobs, sizeof(*plan.worker));
	while (plan.workers < jobs) {
		r = worker_start(&plan, err);
		if (r < 0)
			return r;
		r = worker_give(&plan, &plan.worker[plan.workers - 1], err);
		if (r < 0)
			return r;
	}
	return plan_run(&plan, err);
}

int debs_make_plain(struct store *s, const struct packages *p, unsigned jobs, struct err *err)
{
	int r;

	progress_start("plain", 0, PROGRESS_STEPS);
	r = make_plain(s, p, jobs, true, err);
	if (r < 0) {
		progress_abort();
		return r;
	}
	progress_end(NULL);
	return 0;
}

int deb_plain_digest(struct store *s, const struct package *p, char ret[DIGEST_HEX],
		     struct err *err)
{
	struct package one = *p;
	const struct packages list = { .item = &one, .count = 1 };
	int r = known_plain(s, p->sha256, ret, err);

	if (r != 0)
		return r < 0 ? r : 0;
	r = make_plain(s, &list, 1, false, err);
	if (r < 0)
		return r;
	r = known_plain(s, p->sha256, ret, err);
	if (r < 0)
		return r;
	if (r == 0)
		return err_set(err, ERR_BUILD,
			       "package '%s': the store lost its plain form again at once",
			       p->name);
	return 0;
}

int deb_open_plain(struct store *s, const struct package *p, int *ret_fd, uint64_t *ret_size,
		   struct err *err)
{
	/* The second time after store_get() has thrown out a damaged blob. */
	for (int try = 0; try < 2; try++) {
		cleanup_fd int fd = -1;
		char plain[DIGEST_HEX];
		struct stat st;
		int r = deb_plain_digest(s, p, plain, err);

		if (r < 0)
			return r;
		r = store_get(s, plain, &fd, err);
		if (r < 0)
			return r;
		if (fd < 0)
			continue;
		if (fstat(fd, &st) < 0)
			return err_errno(err, ERR_BUILD, errno,
					 "cannot read the plain form of '%s'", p->name);
		*ret_size = (uint64_t)st.st_size;
		*ret_fd = take_fd(&fd);
		return 0;
	}
	return err_set(err, ERR_BUILD,
		       "package '%s': its plain form was damaged each time it was made", p->name);
}
