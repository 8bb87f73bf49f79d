/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/io.h"
#include "base/memory.h"
#include "sandbox/frame.h"
#include "sandbox/guestfs/guestfs.h"

/* Kernel and initramfs are the largest files that anybody reads. */
#define READ_MAX ((off_t)1 << 30)

/* Where the bytes of an answer go. */
struct sink {
	int fd;	    /* -1: nowhere */
	off_t end;  /* holes move it */
	off_t most; /* 0: any number */
};

static int driver_ended(struct relay *r, struct err *err)
{
	CLEANUP(message_release) struct message m = { 0 };
	CLEANUP(err_release) struct err said = { 0 };

	if (message_receive(r->report, -1, &m, &said) == 1 && m.type == MESSAGE_ERROR)
		return message_take_err(&m, err);
	return err_set(err, ERR_BUILD, "the program that holds the appliance ended");
}

int relay_wait(struct relay *r, int fd, bool write, struct err *err)
{
	struct pollfd p[3] = { { .fd = r->sock, .events = POLLRDHUP },
			       { .fd = fd, .events = write ? POLLOUT : POLLIN },
			       { .fd = r->report, .events = POLLIN } };

	while (poll(p, 3, -1) < 0)
		if (errno != EINTR)
			return err_errno(err, ERR_BUILD, errno, "cannot wait for the appliance");
	if (p[0].revents & (POLLRDHUP | POLLHUP | POLLERR))
		return -ECANCELED;
	if (p[1].revents != 0)
		return 0;
	return driver_ended(r, err);
}

/* The port closed: the driver is about to say why. */
static int port_lost(struct relay *r, struct err *err)
{
	int n = relay_wait(r, r->report, false, err);

	return n < 0 ? n : driver_ended(r, err);
}

static int port_read(struct relay *r, void *data, size_t size, struct err *err)
{
	for (size_t done = 0; done < size;) {
		int n = relay_wait(r, r->port, false, err);
		ssize_t got;

		if (n < 0)
			return n;
		got = recv(r->port, (char *)data + done, size - done, MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got <= 0)
			return port_lost(r, err);
		done += (size_t)got;
	}
	return 0;
}

static int port_write(struct relay *r, const void *data, size_t size, struct err *err)
{
	for (size_t done = 0; done < size;) {
		int n = relay_wait(r, r->port, true, err);
		ssize_t sent;

		if (n < 0)
			return n;
		sent = send(r->port, (const char *)data + done, size - done,
			    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (sent < 0)
			return port_lost(r, err);
		done += (size_t)sent;
	}
	return 0;
}

static int send_frame(struct relay *r, enum frame_type type, const void *data, size_t size,
		      struct err *err)
{
	struct frame f = { FRAME_MAGIC, type, r->request, (uint32_t)size };
	int n = port_write(r, &f, sizeof(f), err);

	return n < 0 ? n : port_write(r, data, size, err);
}

static int send_request(struct relay *r, const struct message *m, struct err *err)
{
	CLEANUP(text_release) struct text t = { 0 };
	struct frame_message head = { (uint32_t)m->type, m->fd_count > 0 };

	text_append(&t, &head, sizeof(head));
	text_append(&t, m->body.data, m->body.length);
	return send_frame(r, FRAME_MESSAGE, t.data, t.length, err);
}

static int malformed(struct err *err)
{
	return err_set(err, ERR_BUILD, "the appliance sends what makes no sense");
}

/* ---- what comes back ------------------------------------------------------------------------ */

static bool is_too_large(struct relay *r, const struct sink *s)
{
	if (s->most == 0 || s->end <= s->most)
		return false;
	err_set(r->failure, ERR_BUILD, "a file of the tree is too large to be read");
	return true;
}

/* The bytes are taken in any case; the first failure to keep them becomes the answer. */
static void keep(struct relay *r, struct sink *s, const void *data, size_t size)
{
	int n = 0;

	s->end += (off_t)size;
	if (s->fd >= 0 && r->failure->class == ERR_NONE && !is_too_large(r, s))
		n = write_all(s->fd, data, size);
	if (n < 0)
		err_errno(r->failure, ERR_BUILD, -n, "cannot keep what comes from the appliance");
}

static int skip(struct relay *r, struct sink *s, const struct text *body, struct err *err)
{
	uint64_t zeros;

	if (body->length != sizeof(zeros))
		return malformed(err);
	memcpy(&zeros, body->data, sizeof(zeros));
	if (zeros > INT64_MAX - (uint64_t)s->end)
		return malformed(err);
	s->end += (off_t)zeros;
	if (s->fd >= 0 && !is_too_large(r, s) &&
	    (lseek(s->fd, s->end, SEEK_SET) < 0 || ftruncate(s->fd, s->end) < 0))
		err_errno(r->failure, ERR_BUILD, errno,
			  "cannot keep what comes from the appliance");
	return 0;
}

static int send_failure(struct relay *r, struct err *err)
{
	CLEANUP(message_release) struct message m = { .type = MESSAGE_ERROR };

	message_put_err(&m, r->failure);
	return message_send(r->sock, &m, err);
}

static int pass_answer(struct relay *r, const struct text *body, const struct sink *s,
		       bool *ret_done, struct err *err)
{
	CLEANUP(message_release) struct message m = { 0 };
	struct frame_message head;

	if (body->length < sizeof(head))
		return malformed(err);
	memcpy(&head, body->data, sizeof(head));
	m.type = (enum message_type)head.type;
	if (r->describe && m.type == MESSAGE_OK)
		message_put_text(&m, r->describe);
	else
		text_append(&m.body, body->data + sizeof(head), body->length - sizeof(head));
	*ret_done = m.type == MESSAGE_OK || m.type == MESSAGE_ERROR;
	if (!*ret_done && m.type != MESSAGE_OUTPUT && m.type != MESSAGE_NOTE)
		return malformed(err);
	if (*ret_done && r->failure->class != ERR_NONE)
		return send_failure(r, err);
	if (head.with_fd) {
		if (s->fd < 0 || lseek(s->fd, 0, SEEK_SET) < 0)
			return malformed(err);
		message_put_fd(&m, s->fd);
	}
	return message_send(r->sock, &m, err);
}

static int take_frame(struct relay *r, struct sink *s, bool *ret_done, struct err *err)
{
	CLEANUP(text_release) struct text body = { 0 };
	struct frame f;
	int n = port_read(r, &f, sizeof(f), err);

	if (n < 0)
		return n;
	if (f.magic != FRAME_MAGIC || f.request != r->request ||
	    f.length > MESSAGE_BODY_MAX + sizeof(struct frame_message))
		return malformed(err);
	body.allocated = (size_t)f.length + 1;
	body.data = xmalloc(body.allocated);
	body.length = f.length;
	body.data[f.length] = '\0';
	n = port_read(r, body.data, f.length, err);
	if (n < 0)
		return n;
	switch (f.type) {
	case FRAME_MESSAGE:
		return pass_answer(r, &body, s, ret_done, err);
	case FRAME_DATA:
		keep(r, s, body.data, body.length);
		return 0;
	case FRAME_HOLE:
		return skip(r, s, &body, err);
	case FRAME_END:
		return 0;
	default:
		return malformed(err);
	}
}

/* ---- a tar, on its way in ------------------------------------------------------------------- */

/* A tar that cannot be read ends early; the answer is then why. */
static int send_some(struct relay *r, int tar, bool *ret_more, struct err *err)
{
	cleanup_free char *chunk = xmalloc(FRAME_DATA_MAX);
	ssize_t n = read(tar, chunk, FRAME_DATA_MAX);

	if (n < 0 && errno == EINTR)
		return 0;
	if (n < 0)
		err_errno(r->failure, ERR_BUILD, errno, "cannot read the archive to unpack");
	*ret_more = n > 0;
	return send_frame(r, n > 0 ? FRAME_DATA : FRAME_END, chunk, n > 0 ? (size_t)n : 0, err);
}

static int is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

static int answer(struct relay *r, int tar, struct sink *s, struct err *err)
{
	bool more = tar >= 0, done = false;
	int n = 0;

	while (!done && n == 0) {
		if (more && !is_readable(r->port)) {
			/* Whoever feeds it may be slow, or killed. */
			n = relay_wait(r, tar, false, err);
			if (n == 0)
				n = send_some(r, tar, &more, err);
		} else {
			n = take_frame(r, s, &done, err);
		}
	}
	return n;
}

int relay_request(struct relay *r, const struct message *request, struct err *err)
{
	CLEANUP(err_release) struct err failure = { 0 };
	cleanup_fd int temporary = -1;
	struct sink s = { .fd = -1 };
	int tar = request->type == MESSAGE_PUT && request->fd_count > 0 ? request->fd[0] : -1;
	int n = 0;

	r->request++;
	r->failure = &failure;
	if (request->type == MESSAGE_ARCHIVE && request->fd_count > 0)
		s.fd = request->fd[0];
	if (request->type == MESSAGE_READ) {
		temporary =
			openat(r->directory, "read", O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
		if (temporary < 0 || unlinkat(r->directory, "read", 0) < 0)
			return err_errno(err, ERR_BUILD, errno, "cannot make a temporary file");
		s.fd = temporary;
		s.most = READ_MAX;
	}
	n = send_request(r, request, err);
	return n < 0 ? n : answer(r, tar, &s, err);
}
