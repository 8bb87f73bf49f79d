/* SPDX-License-Identifier: MIT */
#include "lab/shell.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/interrupt.h"
#include "base/memory.h"

/* An emulated machine on a busy host is slow. */
#define SEND_TIMEOUT_MS 120000
#define RECEIVED_MAX ((size_t)16 << 20)
/* A terminal takes lines of 4095 bytes (N_TTY, termios(3)). */
#define LINE_MAX 4000

int shell_open(struct shell *s, const char *path, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	cleanup_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (strlen(path) >= sizeof(address.sun_path))
		return err_set(err, ERR_BOOT, "the path '%s' is too long for a socket", path);
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return err_errno(err, ERR_BOOT, errno, "cannot connect to '%s'", path);
	*s = (struct shell){ .fd = take_fd(&fd) };
	text_add(&s->received, "");
	return 0;
}

static int receive(struct shell *s, struct err *err)
{
	char piece[4096];
	ssize_t n;

	while ((n = read(s->fd, piece, sizeof(piece))) > 0) {
		if (s->received.length > RECEIVED_MAX)
			return err_set(err, ERR_BOOT,
				       "a machine's shell has written more than %zu bytes",
				       RECEIVED_MAX);
		text_append(&s->received, piece, (size_t)n);
	}
	if (n < 0 && errno != EAGAIN && errno != ECONNRESET)
		return err_errno(err, ERR_BOOT, errno, "cannot read a machine's serial port");
	return 0;
}

static int send_text(struct shell *s, const char *text, struct err *err)
{
	/* QEMU takes some at once, and the rest as the machine reads it. */
	for (size_t length = strlen(text); length > 0;) {
		struct pollfd p[2] = { { .fd = s->fd, .events = POLLOUT },
				       { .fd = interrupt_fd(), .events = POLLIN } };
		int n = poll(p, 2, SEND_TIMEOUT_MS);
		ssize_t sent = 0;
		int r;

		if (n == 0)
			return err_set(err, ERR_BOOT, "a machine does not read its serial port");
		r = interrupt_check(err);
		if (r < 0)
			return r;
		if (n > 0 && p[0].revents)
			sent = send(s->fd, text, length, MSG_NOSIGNAL);
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return err_errno(err, ERR_BOOT, errno,
					 "cannot write to a machine's serial port");
		text += sent > 0 ? sent : 0;
		length -= sent > 0 ? (size_t)sent : 0;
	}
	return 0;
}

int shell_received(struct shell *s, const char *words, bool *ret, struct err *err)
{
	int r = receive(s, err);

	if (r < 0)
		return r;
	*ret = memmem(s->received.data, s->received.length, words, strlen(words));
	return 0;
}

int shell_set_up(struct shell *s, struct err *err)
{
	return send_text(s, "stty -echo -onlcr; PS1=; PS2=; unset HISTFILE; export TERM=dumb\n",
			 err);
}

/* Quoted for sh(1): within ' nothing but ' itself is special. */
static void add_quoted(struct text *t, const char *s)
{
	text_add(t, "'");
	for (; *s; s++)
		if (*s == '\'')
			text_add(t, "'\\''");
		else
			text_append(t, s, 1);
	text_add(t, "'");
}

/* The output is between two marks. The script has them in two pieces each, so that an echo of the
 * script is not taken for a mark. */
int shell_begin(struct shell *s, const char *script, struct err *err)
{
	CLEANUP(text_release) struct text line = { 0 };

	s->number++;
	s->busy = true;
	text_printf(&line, "printf '\\n%%s%u\\n' '@begin'; bash -c ", s->number);
	add_quoted(&line, script);
	text_printf(&line, " </dev/null 2>&1; printf '\\n%%s%u %%d\\n' '@end' $?\n", s->number);
	for (const char *p = line.data, *end; (end = strchr(p, '\n')); p = end + 1)
		if (end - p > LINE_MAX)
			return err_set(err, ERR_BOOT,
				       "a line of the script has more than %d bytes, which "
				       "its terminal cannot take",
				       LINE_MAX);
	return send_text(s, line.data, err);
}

int shell_poll(struct shell *s, bool *ret_ended, struct text *ret_output, int *ret_status,
	       struct err *err)
{
	cleanup_free char *begin = xasprintf("\n@begin%u\n", s->number);
	cleanup_free char *end = xasprintf("\n@end%u ", s->number);
	const char *from, *to;
	int r = receive(s, err);

	*ret_ended = false;
	if (r < 0)
		return r;
	from = memmem(s->received.data, s->received.length, begin, strlen(begin));
	if (!from)
		return 0;
	from += strlen(begin) - 1;
	to = memmem(from, s->received.length - (size_t)(from - s->received.data), end, strlen(end));
	if (!to || !strchr(to + strlen(end), '\n'))
		return 0;
	if (sscanf(to + strlen(end), "%d", ret_status) != 1)
		return err_set(err, ERR_BOOT,
			       "a machine's shell does not print the script's status");
	from += to > from;
	if (to > from && to[-1] == '\n')
		to--;
	text_append(ret_output, from, (size_t)(to - from));
	s->received.length = 0;
	s->received.data[0] = '\0';
	s->busy = false;
	*ret_ended = true;
	return 0;
}

void shell_release(struct shell *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	text_release(&s->received);
	*s = (struct shell)SHELL_INIT;
}
