/* SPDX-License-Identifier: MIT */
#include "base/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>

#include "base/log.h"

static int signal_fd = -1;

void interrupt_init(void)
{
	sigset_t set;

	if (signal_fd >= 0)
		return;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signal_fd < 0)
		log_warning("Ctrl-C will not be noticed: signalfd: %s", strerrordesc_np(errno));
	/* A reader that went away is an EPIPE error with a message, not a silent death. */
	(void)signal(SIGPIPE, SIG_IGN);
}

int interrupt_fd(void)
{
	return signal_fd;
}

int interrupt_signal(void)
{
	sigset_t pending;

	/* The signal stays pending and the descriptor readable: every loop sees it. */
	if (signal_fd < 0 || sigpending(&pending) < 0)
		return 0;
	if (sigismember(&pending, SIGTERM) == 1)
		return SIGTERM;
	return sigismember(&pending, SIGINT) == 1 ? SIGINT : 0;
}

int interrupt_check(struct err *err)
{
	int number = interrupt_signal();

	if (number == 0)
		return 0;
	return err_set(err, ERR_INTERRUPTED, "interrupted by SIG%s", sigabbrev_np(number));
}
