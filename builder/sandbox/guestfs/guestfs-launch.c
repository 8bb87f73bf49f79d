/* SPDX-License-Identifier: MIT */
/* From the start of the driver until the sandbox has started in the appliance. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "sandbox/guestfs/guestfs.h"

#define TICK_SECONDS 2
/* Emulated, a launch takes 15 s on a quiet machine and minutes on a busy one. One that hung never
 * ended. */
#define PATIENCE_SECONDS 600U
#define PATIENCE_VARIABLE "NETRESCUE_APPLIANCE_SECONDS"

struct launch {
	struct relay *relay;
	const struct child *driver;
	char *step; /* owned: what the driver does at the moment */
	bool done;
	uint64_t patience; /* how many seconds one step may take */
};

static void launch_release(struct launch *l)
{
	free(l->step);
}

static int read_patience(uint64_t *ret, struct err *err)
{
	const char *value = getenv(PATIENCE_VARIABLE);

	*ret = PATIENCE_SECONDS;
	if (value && parse_u64(value, ret) < 0)
		return err_set(err, ERR_USAGE,
			       PATIENCE_VARIABLE " must be a number of seconds, not '%s'", value);
	return 0;
}

/* A step may take a while: whoever waits sees how long. */
static int show_time(const struct launch *l, uint64_t seconds, struct err *err)
{
	CLEANUP(message_release) struct message m = { .type = MESSAGE_OUTPUT };
	cleanup_free char *line = seconds > 0 ? xasprintf("%s, %" PRIu64 " s\n", l->step, seconds)
					      : xasprintf("%s\n", l->step);

	message_put_u64(&m, 0);
	message_put_bytes(&m, line, strlen(line));
	return message_send(l->relay->sock, &m, err);
}

/* One message from the driver: its next step, or that it is done. */
static int take_step(struct launch *l, struct err *err)
{
	CLEANUP(message_release) struct message m = { 0 };
	int r = relay_wait(l->relay, l->relay->report, false, err);

	if (r < 0)
		return r;
	if (message_receive(l->relay->report, -1, &m, err) != 1)
		return err_set(err, ERR_BUILD, "the program that drives the appliance ended");
	if (m.type == MESSAGE_ERROR)
		return message_take_err(&m, err);
	l->done = m.type == MESSAGE_OK;
	free(l->step);
	l->step = message_get_text(&m);
	return message_end(&m, err);
}

/* Ends QEMU and waits for the driver, whose call into libguestfs then fails: its error has what the
 * appliance said last. */
static int give_up(struct launch *l, uint64_t seconds, struct err *err)
{
	cleanup_free char *stuck = xstrdup(l->step);
	struct pollfd p = { .fd = l->relay->report, .events = POLLIN };

	(void)kill(-l->driver->pid, SIGTERM);
	if (poll(&p, 1, DRIVER_END_MILLISECONDS) > 0)
		(void)take_step(l, err);
	free(take_ptr(err->hint)); /* ours says more */
	err_set(err, ERR_BUILD, "the program that drives the appliance does not answer");
	err_wrap(err, "%s did not end within %" PRIu64 " s", stuck, seconds);
	return err_hint(err, "try once more, with less running beside it, or with "
			     "LIBGUESTFS_BACKEND_SETTINGS=force_tcg if it was KVM that hung; on a "
			     "machine that is that slow, " PATIENCE_VARIABLE
			     " may say how many seconds to wait");
}

int launch_follow(struct relay *relay, const struct child *driver, struct err *err)
{
	CLEANUP(launch_release)
	struct launch l = { .relay = relay,
			    .driver = driver,
			    .step = xstrdup("preparing the appliance") };
	uint64_t seconds = 0;
	int r = read_patience(&l.patience, err);

	if (r < 0)
		return r;
	while (!l.done) {
		struct pollfd p[2] = { { .fd = relay->sock, .events = POLLRDHUP },
				       { .fd = relay->report, .events = POLLIN } };
		int n = poll(p, 2, TICK_SECONDS * 1000);

		seconds = n == 0 ? seconds + TICK_SECONDS : 0;
		if (n == 0 && seconds >= l.patience)
			return give_up(&l, seconds, err);
		if (n != 0) {
			r = take_step(&l, err);
			if (r < 0)
				return r;
		}
		r = show_time(&l, seconds, err);
		if (r < 0)
			return r;
	}
	return 0;
}
