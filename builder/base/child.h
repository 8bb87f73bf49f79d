/* SPDX-License-Identifier: MIT */
/*
 * Child processes. The main program has threads (libcurl's resolver), so it never forks: children
 * are executed programs, started with posix_spawn(3). A child gets exactly the environment that is
 * given, the descriptors that are named and no others, and all signals unblocked and with their
 * default action. child_release() kills it by SIGKILL if it still runs, and reaps it.
 *
 *	CLEANUP(child_release) struct child c = CHILD_INIT;
 *	const char *const argv[] = { "gpgv", "--status-fd", "3", ..., NULL };
 *	const struct child_options options = { .argv = argv, .fd = {{ 3, fd }}, .fd_count = 1 };
 *	r = child_start(&c, &options, err);
 *	r = child_wait(&c, &status, err);
 *
 * argv[0] without a slash is looked up in PATH.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/text.h"

#define CHILD_FD_MAX 8

struct child_fd {
	int child;  /* number in the child: 0, 1, 2, 3, … */
	int parent; /* our descriptor; stays open here */
};

struct child_options {
	const char *const *argv; /* NULL-terminated */
	const char *const *env;	 /* NULL: PATH, TZ=UTC, LC_ALL=C.UTF-8 and nothing else */
	/* Of 0, 1 and 2, those that are not named here are /dev/null, /dev/null and our stderr. */
	struct child_fd fd[CHILD_FD_MAX];
	size_t fd_count;
};

struct child {
	pid_t pid;  /* -1: none */
	int pidfd;  /* poll it for POLLIN, which comes when the child has ended; -1: none */
	char *name; /* owned; argv[0], for messages */
};
#define CHILD_INIT                                                                                 \
	{                                                                                          \
		.pid = -1, .pidfd = -1                                                             \
	}

int child_start(struct child *c, const struct child_options *options, struct err *err);
/* Waits until the child ends, or until we get a signal (ERR_INTERRUPTED). *ret_status is that of
 * waitpid(2). */
int child_wait(struct child *c, int *ret_status, struct err *err);
void child_release(struct child *c);

/* Runs a child to its end. Any end but exit status 0 is ERR_BUILD, with the program's name and how
 * it ended. ret_out, which may be NULL, gets its standard output, at most `limit` bytes. */
int child_run(const struct child_options *options, size_t limit, struct text *ret_out,
	      struct err *err);

/* "exit status 2", "killed by signal 9 (Killed)". buffer of 64 bytes; returns it. */
const char *child_status_text(int status, char buffer[64]);
