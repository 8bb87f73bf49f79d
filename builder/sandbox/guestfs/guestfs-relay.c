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

/* Of what comes back, with its holes. The lab's disks have the largest. */
#define END_MAX ((uint64_t)1 << 40)

/* Where the content that belongs to an answer goes. */
struct sink {
	int fd;	       /* -1: nowhere */
	uint64_t end;  /* bytes so far, holes included */
	uint64_t data; /* without holes */
	uint64_t most; /* of data: the appliance's disk has no room for more */
};

static int driver_ended(struct relay *relay, struct err *err)
{
	CLEANUP(message_release) struct message m = { 0 };
	CLEANUP(err_release) struct err said = { 0 };

	if (message_receive(relay->report, -1, &m, &said) == 1 && m.type == MESSAGE_ERROR)
		return message_take_err(&m, err);
	return err_set(err, ERR_BUILD, "the program that drives the appliance ended");
}

int relay_wait(struct relay *relay, int fd, bool write, struct err *err)
{
	struct pollfd p[3] = { { .fd = relay->sock, .events = POLLRDHUP },
			       { .fd = fd, .events = write ? POLLOUT : POLLIN },
			       { .fd = relay->report, .events = POLLIN } };

	while (poll(p, 3, -1) < 0)
		if (errno != EINTR)
			return err_errno(err, ERR_BUILD, errno, "cannot wait for the appliance");
	if (p[0].revents & (POLLRDHUP | POLLHUP | POLLERR))
		return -ECANCELED;
	if (p[1].revents != 0)
		return 0;
	return driver_ended(relay, err);
}

/* The port was closed: the driver will say why. */
static int port_lost(struct relay *relay, struct err *err)
{
	int r = relay_wait(relay, relay->report, false, err);

	return r < 0 ? r : driver_ended(relay, err);
}

static int port_read(struct relay *relay, void *data, size_t size, struct err *err)
{
	for (size_t done = 0; done < size;) {
		int r = relay_wait(relay, relay->port, false, err);
		ssize_t got;

		if (r < 0)
			return r;
		got = recv(relay->port, (char *)data + done, size - done, MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got <= 0)
			return port_lost(relay, err);
		done += (size_t)got;
	}
	return 0;
}

static int port_write(struct relay *relay, const void *data, size_t size, struct err *err)
{
	for (size_t done = 0; done < size;) {
		int r = relay_wait(relay, relay->port, true, err);
		ssize_t sent;

		if (r < 0)
			return r;
		sent = send(relay->port, (const char *)data + done, size - done,
			    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (sent < 0)
			return port_lost(relay, err);
		done += (size_t)sent;
	}
	return 0;
}

static int send_frame(struct relay *relay, enum frame_type type, const void *data, size_t size,
		      struct err *err)
{
	struct frame f = { FRAME_MAGIC, type, relay->request, (uint32_t)size };
	int r = port_write(relay, &f, sizeof(f), err);

	return r < 0 ? r : port_write(relay, data, size, err);
}

static int send_request(struct relay *relay, const struct message *m, struct err *err)
{
	CLEANUP(text_release) struct text t = { 0 };
	struct frame_message head = { (uint32_t)m->type, m->fd_count > 0 };

	text_append(&t, &head, sizeof(head));
	text_append(&t, m->body.data, m->body.length);
	return send_frame(relay, FRAME_MESSAGE, t.data, t.length, err);
}

static int malformed(struct err *err)
{
	return err_set(err, ERR_BUILD, "the appliance sent a malformed message");
}

/* ---- what comes back ------------------------------------------------------------------------ */

/* Whoever sends more sends without an end, and nothing else would end that. */
static int too_much(const struct sink *s, struct err *err)
{
	char most[16];

	return err_set(err, ERR_BUILD, "the appliance sent more than the %s that it may",
		       human_size(s->most, most));
}

/* The bytes have to be read in any case. If they cannot be kept, the first failure becomes the
 * answer. */
static int keep(struct relay *relay, struct sink *s, const struct text *body, struct err *err)
{
	int r = 0;

	if (s->fd < 0)
		return malformed(err);
	s->end += body->length;
	s->data += body->length;
	if (s->data > s->most || s->end > END_MAX)
		return too_much(s, err);
	if (relay->failure->class == ERR_NONE)
		r = write_all(s->fd, body->data, body->length);
	if (r < 0)
		err_errno(relay->failure, ERR_BUILD, -r,
			  "cannot keep what comes from the appliance");
	return 0;
}

static int skip(struct relay *relay, struct sink *s, const struct text *body, struct err *err)
{
	uint64_t zeros;

	if (body->length != sizeof(zeros) || s->fd < 0)
		return malformed(err);
	memcpy(&zeros, body->data, sizeof(zeros));
	if (zeros > END_MAX - s->end)
		return malformed(err);
	s->end += zeros;
	if (relay->failure->class == ERR_NONE &&
	    (lseek(s->fd, (off_t)s->end, SEEK_SET) < 0 || ftruncate(s->fd, (off_t)s->end) < 0))
		err_errno(relay->failure, ERR_BUILD, errno,
			  "cannot keep what comes from the appliance");
	return 0;
}

static int send_failure(struct relay *relay, struct err *err)
{
	CLEANUP(message_release) struct message m = { .type = MESSAGE_ERROR };

	message_put_err(&m, relay->failure);
	return message_send(relay->sock, &m, err);
}

/* Whoever has taken over the appliance can warn of anything: it is said whose words these are. */
static int name_speaker(struct message *m, struct err *err)
{
	cleanup_free char *line = message_get_text(m);
	int r = message_end(m, err);

	if (r < 0)
		return r;
	cleanup_free char *named = xasprintf("in the appliance: %s", line);
	text_release(&m->body);
	message_put_text(m, named);
	return 0;
}

static int pass_answer(struct relay *relay, const struct text *body, const struct sink *s,
		       bool *ret_done, struct err *err)
{
	CLEANUP(message_release) struct message m = { 0 };
	struct frame_message head;

	if (body->length < sizeof(head))
		return malformed(err);
	memcpy(&head, body->data, sizeof(head));
	m.type = (enum message_type)head.type;
	if (relay->describe && m.type == MESSAGE_OK)
		message_put_text(&m, relay->describe);
	else
		text_append(&m.body, body->data + sizeof(head), body->length - sizeof(head));
	*ret_done = m.type == MESSAGE_OK || m.type == MESSAGE_ERROR;
	/* Notes are shown as our own words, and nothing in the appliance has any to say. */
	if (!*ret_done && m.type != MESSAGE_OUTPUT && m.type != MESSAGE_WARNING)
		return malformed(err);
	if (m.type == MESSAGE_WARNING && name_speaker(&m, err) < 0)
		return err_value(err);
	if (*ret_done && relay->failure->class != ERR_NONE)
		return send_failure(relay, err);
	if (head.with_fd) {
		if (s->fd < 0 || lseek(s->fd, 0, SEEK_SET) < 0)
			return malformed(err);
		message_put_fd(&m, s->fd);
	}
	return message_send(relay->sock, &m, err);
}

static int take_frame(struct relay *relay, struct sink *s, bool *ret_done, struct err *err)
{
	CLEANUP(text_release) struct text body = { 0 };
	struct frame f;
	int r = port_read(relay, &f, sizeof(f), err);

	if (r < 0)
		return r;
	if (f.magic != FRAME_MAGIC || f.request != relay->request ||
	    f.length > MESSAGE_BODY_MAX + sizeof(struct frame_message))
		return malformed(err);
	body.allocated = (size_t)f.length + 1;
	body.data = xmalloc(body.allocated);
	body.length = f.length;
	body.data[f.length] = '\0';
	r = port_read(relay, body.data, f.length, err);
	if (r < 0)
		return r;
	switch (f.type) {
	case FRAME_MESSAGE:
		return pass_answer(relay, &body, s, ret_done, err);
	case FRAME_DATA:
		return keep(relay, s, &body, err);
	case FRAME_HOLE:
		return skip(relay, s, &body, err);
	case FRAME_END:
		return 0;
	default:
		return malformed(err);
	}
}

/* ---- a tar, on its way in ------------------------------------------------------------------- */

/* A tar that cannot be read is ended early, and the failure becomes the answer. */
static int send_some(struct relay *relay, int tar, bool *ret_more, struct err *err)
{
	cleanup_free char *chunk = xmalloc(FRAME_DATA_MAX);
	ssize_t n = read(tar, chunk, FRAME_DATA_MAX);

	if (n < 0 && errno == EINTR)
		return 0;
	if (n < 0)
		err_errno(relay->failure, ERR_BUILD, errno, "cannot read the archive to unpack");
	*ret_more = n > 0;
	return send_frame(relay, n > 0 ? FRAME_DATA : FRAME_END, chunk, n > 0 ? (size_t)n : 0, err);
}

static bool is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

static int answer(struct relay *relay, int tar, struct sink *s, struct err *err)
{
	bool more = tar >= 0, done = false;
	int r = 0;

	while (!done && r == 0) {
		if (!more || is_readable(relay->port)) {
			r = take_frame(relay, s, &done, err);
			continue;
		}
		/* Whoever writes the tar may be slow, or may have been killed. */
		r = relay_wait(relay, tar, false, err);
		if (r == 0)
			r = send_some(relay, tar, &more, err);
	}
	return r;
}

int relay_request(struct relay *relay, const struct message *request, struct err *err)
{
	CLEANUP(err_release) struct err failure = { 0 };
	cleanup_fd int temporary = -1;
	struct sink s = { .fd = -1, .most = relay->content_max };
	int tar = request->type == MESSAGE_PUT && request->fd_count > 0 ? request->fd[0] : -1;
	int r;

	relay->request++;
	relay->failure = &failure;
	if ((request->type == MESSAGE_ARCHIVE || request->type == MESSAGE_SNAPSHOT) &&
	    request->fd_count > 0)
		s.fd = request->fd[0];
	if (request->type == MESSAGE_READ) {
		temporary = openat(relay->directory, "read", O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC,
				   0600);
		if (temporary < 0 || unlinkat(relay->directory, "read", 0) < 0)
			return err_errno(err, ERR_BUILD, errno, "cannot make a temporary file");
		s.fd = temporary;
	}
	r = send_request(relay, request, err);
	return r < 0 ? r : answer(relay, tar, &s, err);
}
