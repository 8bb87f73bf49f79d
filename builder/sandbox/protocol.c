/* SPDX-License-Identifier: MIT */
#include "sandbox/protocol.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/err-line.h"
#include "base/interrupt.h"
#include "base/memory.h"

/* Of an error's message and hint; the longest have some last lines of a script. */
#define ERR_TEXT_MAX ((size_t)16 << 10)
#define MESSAGE_MAGIC 0x6e727331U

struct header {
	uint32_t magic;
	uint32_t type;
	uint32_t length;
	uint32_t fd_count;
};

union control {
	char space[CMSG_SPACE(sizeof(int) * MESSAGE_FD_MAX)];
	struct cmsghdr align;
};

void message_put_u64(struct message *m, uint64_t value)
{
	text_append(&m->body, &value, sizeof(value));
}

void message_put_bytes(struct message *m, const void *data, size_t size)
{
	message_put_u64(m, size);
	text_append(&m->body, data, size);
}

void message_put_text(struct message *m, const char *s)
{
	message_put_bytes(m, s ? s : "", s ? strlen(s) : 0);
}

void message_put_list(struct message *m, const char *const *list)
{
	size_t count = 0;

	while (list && list[count])
		count++;
	message_put_u64(m, count);
	for (size_t i = 0; i < count; i++)
		message_put_text(m, list[i]);
}

void message_put_fd(struct message *m, int fd)
{
	if (m->fd_count < MESSAGE_FD_MAX)
		m->fd[m->fd_count++] = fd;
	else
		m->bad = true;
}

uint64_t message_get_u64(struct message *m)
{
	uint64_t value = 0;

	if (m->bad || m->body.length - m->position < sizeof(value)) {
		m->bad = true;
		return 0;
	}
	memcpy(&value, m->body.data + m->position, sizeof(value));
	m->position += sizeof(value);
	return value;
}

const char *message_get_bytes(struct message *m, size_t *ret_size)
{
	uint64_t size = message_get_u64(m);
	const char *data;

	*ret_size = 0;
	if (m->bad || size > m->body.length - m->position) {
		m->bad = true;
		return "";
	}
	data = size > 0 ? m->body.data + m->position : "";
	m->position += size;
	*ret_size = size;
	return data;
}

char *message_get_text(struct message *m)
{
	size_t size;
	const char *data = message_get_bytes(m, &size);

	if (memchr(data, '\0', size)) {
		m->bad = true;
		return xstrdup("");
	}
	return xstrndup(data, size);
}

void message_get_list(struct message *m, struct strv *ret)
{
	uint64_t count = message_get_u64(m);

	if (count > MESSAGE_LIST_MAX)
		m->bad = true;
	for (uint64_t i = 0; i < count && !m->bad; i++)
		strv_add_take(ret, message_get_text(m));
}

int message_take_fd(struct message *m)
{
	for (size_t i = 0; i < m->fd_count; i++)
		if (m->fd[i] >= 0)
			return take_fd(&m->fd[i]);
	m->bad = true;
	return -1;
}

int message_end(struct message *m, struct err *err)
{
	for (size_t i = 0; i < m->fd_count; i++)
		if (m->fd[i] >= 0)
			m->bad = true;
	if (m->bad || m->position != m->body.length)
		return err_set(err, ERR_BUILD, "malformed sandbox message of type %d",
			       (int)m->type);
	return 0;
}

static ssize_t send_part(int sock, const void *data, size_t size, const struct message *with_fds)
{
	union control control = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (with_fds && with_fds->fd_count > 0) {
		struct cmsghdr *c = &control.align;

		msg.msg_control = control.space;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * with_fds->fd_count);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * with_fds->fd_count);
		memcpy(CMSG_DATA(c), with_fds->fd, sizeof(int) * with_fds->fd_count);
	}
	do
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static int send_rest(int sock, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = send_part(sock, data, size, NULL);

		if (n < 0)
			return (int)n;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

static int send_all(int sock, const struct header *h, const struct message *m)
{
	ssize_t n = send_part(sock, h, sizeof(*h), m);
	int r;

	if (n < 0)
		return (int)n;
	r = send_rest(sock, (const char *)h + n, sizeof(*h) - (size_t)n);
	if (r < 0)
		return r;
	return send_rest(sock, m->body.data, m->body.length);
}

int message_send(int sock, const struct message *m, struct err *err)
{
	struct header h = { MESSAGE_MAGIC, (uint32_t)m->type, (uint32_t)m->body.length,
			    (uint32_t)m->fd_count };
	int r;

	if (m->bad || m->body.length > MESSAGE_BODY_MAX)
		return err_set(err, ERR_BUILD, "sandbox message of %zu bytes is over the limit",
			       m->body.length);
	r = send_all(sock, &h, m);
	return r < 0 ? err_errno(err, ERR_BUILD, -r, "cannot talk to the sandbox") : 0;
}

static int wait_readable(int sock, int interrupt, struct err *err)
{
	struct pollfd p[2] = { { .fd = sock, .events = POLLIN },
			       { .fd = interrupt, .events = POLLIN } };

	while (poll(p, 2, -1) < 0)
		if (errno != EINTR)
			return err_errno(err, ERR_BUILD, errno, "cannot wait for the sandbox");
	if (p[1].revents != 0) {
		int r = interrupt_check(err);

		if (r < 0)
			return r;
	}
	return 0;
}

static void take_fds(struct msghdr *msg, struct message *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t count;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (m->fd_count < MESSAGE_FD_MAX)
				m->fd[m->fd_count++] = fd;
			else
				(void)close(fd);
		}
	}
}

/* 1: all read, 0: the other side closed before the first byte. */
static int receive_part(int sock, int interrupt, void *data, size_t size, struct message *with_fds,
			struct err *err)
{
	size_t done = 0;

	while (done < size) {
		union control control = { 0 };
		struct iovec iov = { .iov_base = (char *)data + done, .iov_len = size - done };
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
		ssize_t n;
		int r = wait_readable(sock, interrupt, err);

		if (r < 0)
			return r;
		if (with_fds) {
			msg.msg_control = control.space;
			msg.msg_controllen = sizeof(control.space);
		}
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n == 0 || (n < 0 && errno == ECONNRESET)) {
			if (done == 0)
				return 0;
			return err_set(err, ERR_BUILD, "the sandbox's answer is cut short");
		}
		if (n < 0)
			return err_errno(err, ERR_BUILD, errno, "cannot read from the sandbox");
		if (with_fds)
			take_fds(&msg, with_fds);
		if (msg.msg_flags & MSG_CTRUNC)
			return err_set(err, ERR_BUILD, "a sandbox message lost its descriptors");
		done += (size_t)n;
	}
	return 1;
}

int message_receive(int sock, int interrupt, struct message *ret, struct err *err)
{
	CLEANUP(message_release) struct message m = { .received = true };
	struct header h;
	int r;

	r = receive_part(sock, interrupt, &h, sizeof(h), &m, err);
	if (r <= 0)
		return r;
	if (h.magic != MESSAGE_MAGIC || h.length > MESSAGE_BODY_MAX || h.fd_count != m.fd_count)
		return err_set(err, ERR_BUILD, "malformed sandbox message");
	m.type = (enum message_type)h.type;
	if (h.length > 0) {
		m.body.data = xmalloc((size_t)h.length + 1);
		m.body.allocated = (size_t)h.length + 1;
		r = receive_part(sock, interrupt, m.body.data, h.length, NULL, err);
		if (r == 0)
			return err_set(err, ERR_BUILD, "the sandbox's answer is cut short");
		if (r < 0)
			return r;
		m.body.length = h.length;
		m.body.data[h.length] = '\0';
	}
	*ret = TAKE(m);
	return 1;
}

void message_release(struct message *m)
{
	text_release(&m->body);
	for (size_t i = 0; m->received && i < m->fd_count; i++)
		if (m->fd[i] >= 0)
			(void)close(m->fd[i]);
	*m = (struct message){ 0 };
}

void message_put_err(struct message *m, const struct err *err)
{
	CLEANUP(text_release) struct text line = { 0 };

	err_to_line(err, &line);
	message_put_text(m, line.data);
}

void message_send_err(int sock, const struct err *failure)
{
	CLEANUP(message_release) struct message m = { .type = MESSAGE_ERROR };
	CLEANUP(err_release) struct err ignored = { 0 };

	message_put_err(&m, failure);
	(void)message_send(sock, &m, &ignored);
}

/* A helper is not interrupted, whatever it says, and nobody reads more than some pages. */
static void clean_err(struct err *got)
{
	static const char cut[] = " …";
	char *const text[] = { got->message, got->hint };

	free(got->file);
	got->file = NULL;
	got->line = got->column = 0;
	if (got->class == ERR_INTERRUPTED)
		got->class = ERR_BUILD;
	for (size_t i = 0; i < ARRAY_SIZE(text); i++)
		if (text[i] && strlen(text[i]) > ERR_TEXT_MAX)
			memcpy(text[i] + ERR_TEXT_MAX - sizeof(cut), cut, sizeof(cut));
}

int message_take_err(struct message *m, struct err *err)
{
	CLEANUP(err_release) struct err got = { 0 };
	cleanup_free char *line = message_get_text(m);
	int r = message_end(m, err);

	if (r < 0)
		return r;
	(void)err_from_line(line, &got);
	clean_err(&got);
	return err->class == ERR_NONE ? err_move(err, &got) : err_value(err);
}
