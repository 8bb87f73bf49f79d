/* SPDX-License-Identifier: MIT */
#include "lab/qmp.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/text.h"

/* A machine may make QEMU send events for ever: the rest is for the next time. */
#define READS_MAX 64

struct qmp {
	int fd; /* -1: QEMU has ended */
	struct text input;
	json_t *greeting;
	json_t *answer; /* to the last command */
	json_t *events; /* by name: the data of the newest */
	json_int_t last_id;
};

int qmp_new(struct qmp **ret, int *ret_theirs, struct err *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(err, ERR_BOOT, errno, "cannot make a pair of sockets for QEMU");
	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->fd = pair[0];
	(*ret)->events = json_object();
	*ret_theirs = pair[1];
	return 0;
}

static void close_connection(struct qmp *q)
{
	if (q->fd >= 0)
		(void)close(take_fd(&q->fd));
}

void qmp_free(struct qmp *q)
{
	if (!q)
		return;
	close_connection(q);
	text_release(&q->input);
	json_decref(q->greeting);
	json_decref(q->answer);
	json_decref(q->events);
	free(q);
}

bool qmp_has_ended(const struct qmp *q)
{
	return q->fd < 0;
}

const json_t *qmp_event(const struct qmp *q, const char *name)
{
	return json_object_get(q->events, name);
}

static void keep(json_t **place, json_t *value)
{
	json_decref(*place);
	*place = json_incref(value);
}

/* A line from QEMU. An answer with another id is to a command that has given up waiting. */
static int take_line(struct qmp *q, const char *line, size_t length, struct err *err)
{
	json_t *message = json_loadb(line, length, JSON_ALLOW_NUL, NULL);
	const char *event = json_string_value(json_object_get(message, "event"));
	json_t *data = json_object_get(message, "data");

	if (!json_is_object(message)) {
		json_decref(message);
		return err_set(err, ERR_BOOT, "QEMU sent something that is not QMP: '%.*s'",
			       (int)(length < 80 ? length : 80), line);
	}
	if (event && data)
		(void)json_object_set(q->events, event, data);
	else if (event)
		(void)json_object_set_new(q->events, event, json_object());
	else if (json_object_get(message, "QMP"))
		keep(&q->greeting, message);
	else if (json_integer_value(json_object_get(message, "id")) == q->last_id)
		keep(&q->answer, message);
	json_decref(message);
	return 0;
}

static int take_lines(struct qmp *q, struct err *err)
{
	char *start = q->input.data, *end = start + q->input.length, *newline;
	int r = 0;

	while (r == 0 && (newline = memchr(start, '\n', (size_t)(end - start)))) {
		r = take_line(q, start, (size_t)(newline - start), err);
		start = newline + 1;
	}
	q->input.length = (size_t)(end - start);
	memmove(q->input.data, start, q->input.length);
	return r;
}

int qmp_read(struct qmp *q, struct err *err)
{
	char buffer[65536];

	for (int i = 0; q->fd >= 0 && i < READS_MAX; i++) {
		ssize_t got = recv(q->fd, buffer, sizeof(buffer), MSG_DONTWAIT);
		int r;

		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return 0;
		if (got < 0 && errno != ECONNRESET)
			return err_errno(err, ERR_BOOT, errno, "cannot read from QEMU");
		if (got <= 0) {
			close_connection(q);
			return 0;
		}
		text_append(&q->input, buffer, (size_t)got);
		r = take_lines(q, err);
		if (r < 0)
			return r;
		if (q->input.length > QMP_LINE_MAX)
			return err_set(err, ERR_BOOT, "QEMU sent a line of more than %zu bytes",
				       QMP_LINE_MAX);
	}
	return 0;
}

/* Waits until the deadline for input (or, if asked for, until there is room to write) and reads the
 * input. Returns 1 if something happened, 0 at the deadline, however many events QEMU sends. */
static int await(struct qmp *q, short events, int64_t deadline, struct err *err)
{
	struct pollfd watch[] = {
		{ .fd = q->fd, .events = events },
		{ .fd = interrupt_fd(), .events = POLLIN },
	};
	int64_t left = deadline - clock_milliseconds();
	int n = poll(watch, 2, left > 0 ? (int)left : 0);
	int r = interrupt_check(err);

	if (r < 0)
		return r;
	if (n < 0 && errno != EINTR)
		return err_errno(err, ERR_BOOT, errno, "cannot wait for QEMU");
	if (n == 0)
		return 0;
	r = qmp_read(q, err);
	return r < 0 ? r : left > 0;
}

/* Waits until *message is there; `what` it is goes into errors. */
static int await_message(struct qmp *q, json_t **message, int64_t deadline, const char *what,
			 struct err *err)
{
	while (!*message) {
		int r;

		if (q->fd < 0)
			return err_set(err, ERR_BOOT, "QEMU has ended before %s", what);
		r = await(q, POLLIN, deadline, err);
		if (r < 0)
			return err_wrap(err, "waiting for %s", what);
		if (r == 0 && !*message)
			return err_set(err, ERR_BOOT, "QEMU does not send %s", what);
	}
	return 0;
}

static int send_line(struct qmp *q, const char *words, size_t length, int64_t deadline,
		     struct err *err)
{
	while (length > 0) {
		ssize_t sent;
		int r;

		if (q->fd < 0)
			return err_set(err, ERR_BOOT, "QEMU has ended");
		sent = send(q->fd, words, length, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent > 0) {
			words += sent;
			length -= (size_t)sent;
			continue;
		}
		if (sent < 0 && errno == EPIPE)
			return err_set(err, ERR_BOOT, "QEMU has ended");
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return err_errno(err, ERR_BOOT, errno, "cannot write to QEMU");
		r = await(q, POLLIN | POLLOUT, deadline, err);
		if (r < 0)
			return r;
		if (r == 0)
			return err_set(err, ERR_BOOT, "QEMU does not read the command");
	}
	return 0;
}

/* The command in JSON; NULL if it has text that is not UTF-8. */
static char *command_line(struct qmp *q, const char *command, json_t *arguments)
{
	json_t *message = json_object();
	char *line;

	(void)json_object_set_new(message, "execute", json_string(command));
	(void)json_object_set_new(message, "id", json_integer(++q->last_id));
	if (arguments)
		(void)json_object_set_new(message, "arguments", arguments);
	line = json_dumps(message, JSON_COMPACT);
	json_decref(message);
	return line;
}

int qmp_execute(struct qmp *q, const char *command, json_t *arguments, json_t **ret,
		struct err *err)
{
	cleanup_free char *bare = command_line(q, command, arguments);
	cleanup_free char *line = bare ? xasprintf("%s\n", bare) : NULL;
	int64_t deadline = clock_milliseconds() + QMP_TIMEOUT_MS;
	json_t *error, *value;
	int r;

	if (!line)
		return err_set(err, ERR_BOOT, "'%s': the arguments are not UTF-8", command);
	json_decref(q->answer);
	q->answer = NULL;
	r = send_line(q, line, strlen(line), deadline, err);
	if (r == 0)
		r = await_message(q, &q->answer, deadline, "its answer", err);
	if (r < 0)
		return err_wrap(err, "QEMU's command '%s'", command);
	error = json_object_get(q->answer, "error");
	value = json_object_get(q->answer, "return");
	if (error || !value) {
		const char *why = json_string_value(json_object_get(error, "desc"));

		return err_set(err, ERR_BOOT, "QEMU refuses '%s': %s", command,
			       why ? why : "it gives no reason");
	}
	if (ret)
		*ret = json_incref(value);
	return 0;
}

int qmp_begin(struct qmp *q, int timeout_ms, struct err *err)
{
	int r = await_message(q, &q->greeting, clock_milliseconds() + timeout_ms, "its greeting",
			      err);

	return r < 0 ? r : qmp_execute(q, "qmp_capabilities", NULL, NULL, err);
}

int qmp_pause(struct qmp *q, int ms, struct err *err)
{
	int64_t deadline = clock_milliseconds() + ms;
	int r = 1;

	while (r > 0 && q->fd >= 0)
		r = await(q, POLLIN, deadline, err);
	return r < 0 ? r : 0;
}
