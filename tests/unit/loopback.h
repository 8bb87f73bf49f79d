/* SPDX-License-Identifier: MIT */
/*
 * The loopback mirror of tests/lib/mirror.py for unit tests (run from the top, as prove does). A
 * group's set-up makes the scratch directory, an archive in it and a server. mirror.sh says
 * what arguments and faults mean.
 */
#pragma once

#include "unit.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/memory.h"

#define MIRROR_PY "tests/lib/mirror.py"

static pid_t loopback_server = -1;
static char *loopback_url; /* http://127.0.0.1:PORT */

/* mirror.py VERB SCRATCH/m ARGUMENT…, input on its stdin. */
__attribute__((unused, format(printf, 3, 4))) static void loopback(const char *verb,
								   const char *input,
								   const char *format, ...)
{
	cleanup_free char *arguments = NULL;
	cleanup_free char *command = NULL;
	va_list list;
	FILE *f;

	va_start(list, format);
	assert_true(vasprintf(&arguments, format, list) >= 0);
	va_end(list);
	command = xasprintf("python3 " MIRROR_PY " %s %s/m %s", verb, scratch_path, arguments);
	f = popen(command, "we");
	assert_non_null(f);
	(void)fputs(input, f);
	assert_int_equal(pclose(f), 0);
}

/* A rule a line; "" for none. */
__attribute__((unused)) static void loopback_fault(const char *rules)
{
	scratch_file("m/faults", rules);
}

static int loopback_serve(void)
{
	cleanup_free char *directory = xasprintf("%s/m", scratch_path);
	char port[16] = "";

	loopback_server = fork();
	if (loopback_server == 0) {
		(void)execlp("python3", "python3", MIRROR_PY, "serve", directory, (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 400 && !*port; i++) {
		int fd = openat(scratch_fd, "m/port", O_RDONLY | O_CLOEXEC);

		if (fd >= 0 && read(fd, port, sizeof(port) - 1) > 0)
			port[strcspn(port, "\n")] = '\0';
		if (fd >= 0)
			(void)close(fd);
		else
			(void)usleep(25000);
	}
	loopback_url = xasprintf("http://127.0.0.1:%s", port);
	return *port ? 0 : -1;
}

__attribute__((unused)) static int loopback_setup(void **state)
{
	if (scratch_setup(state) < 0)
		return -1;
	loopback("init", "", "trixie");
	loopback("add",
		 "Package: hello\nFiles:\n /usr/bin/hello 0755 hello\n\n"
		 "Package: fix\nVersion: 2\nSuite: trixie-security\n",
		 "%s", "");
	loopback("publish", "", "%s", "");
	return loopback_serve();
}

__attribute__((unused)) static int loopback_teardown(void **state)
{
	if (loopback_server > 0) {
		(void)kill(loopback_server, SIGTERM);
		(void)waitpid(loopback_server, NULL, 0);
	}
	free(loopback_url);
	return scratch_teardown(state);
}
