/* SPDX-License-Identifier: MIT */
/*
 * The appliance's end of the serial port (frame.h). For keeper and server it plays the main
 * program. It may block on the host: all that the host sends during a request is meant for the
 * server, which reads it or closes it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/memory.h"
#include "sandbox/frame.h"
#include "sandbox/namespace/ns.h"

#define OWN_NAMESPACE "/proc/self/ns/mnt"
#define TREES "/trees"

struct port {
	int fd;
	int sock;	  /* to the server */
	uint32_t request; /* number of the one being answered */
	int put;	  /* the pipe from which the server reads a tar; -1: none */
	int archive;	  /* the pipe to which the server writes an archive; -1: none */
	int trees;	  /* directory on the scratch disk */
	bool leaves;	  /* the answer has content of the tree */
};

static int lost(struct err *err, int r)
{
	return err_errno(err, ERR_BUILD, r < 0 ? -r : EIO, "cannot talk through the serial port");
}

static int send_frame(struct port *p, enum frame_type type, const void *data, size_t size,
		      struct err *err)
{
	struct frame f = { FRAME_MAGIC, type, p->request, (uint32_t)size };
	int r = write_all(p->fd, &f, sizeof(f));

	if (r < 0)
		return lost(err, r);
	r = write_all(p->fd, data, size);
	return r < 0 ? lost(err, r) : 0;
}

/* 1, or 0 when the host has hung up. */
static int read_exactly(struct port *p, void *data, size_t size, struct err *err)
{
	ssize_t n = read_all(p->fd, data, size);

	if (n < 0)
		return lost(err, (int)n);
	return (size_t)n == size;
}

static int send_message(struct port *p, const struct message *m, bool with_fd, struct err *err)
{
	CLEANUP(text_release) struct text t = { 0 };
	struct frame_message head = { (uint32_t)m->type, with_fd };

	text_append(&t, &head, sizeof(head));
	text_append(&t, m->body.data, m->body.length);
	return send_frame(p, FRAME_MESSAGE, t.data, t.length, err);
}

/* ---- from the server ------------------------------------------------------------------------ */

static int send_range(struct port *p, int fd, off_t from, off_t to, struct err *err)
{
	cleanup_free char *chunk = xmalloc(FRAME_DATA_MAX);

	while (from < to) {
		size_t most = to - from < FRAME_DATA_MAX ? (size_t)(to - from) : FRAME_DATA_MAX;
		ssize_t n = pread(fd, chunk, most, from);
		int r;

		if (n <= 0)
			return err_errno(err, ERR_BUILD, n < 0 ? errno : EIO,
					 "cannot read a file of the tree");
		r = send_frame(p, FRAME_DATA, chunk, (size_t)n, err);
		if (r < 0)
			return r;
		from += n;
	}
	return 0;
}

/* What follows `at`: a hole of *ret_zeros bytes, then data up to the offset that is returned. */
static off_t next_extent(int fd, off_t at, off_t size, uint64_t *ret_zeros)
{
	off_t data = lseek(fd, at, SEEK_DATA);
	off_t hole = data < 0 ? size : lseek(fd, data, SEEK_HOLE);

	if (data < 0)
		data = errno == ENXIO ? size : at;
	*ret_zeros = (uint64_t)(data - at);
	return hole < 0 ? size : hole;
}

static int send_file(struct port *p, int fd, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot read a file of the tree");
	for (off_t at = 0; at < st.st_size;) {
		uint64_t zeros;
		off_t end = next_extent(fd, at, st.st_size, &zeros);
		int r;

		if (zeros > 0) {
			r = send_frame(p, FRAME_HOLE, &zeros, sizeof(zeros), err);
			if (r < 0)
				return r;
		}
		r = send_range(p, fd, at + (off_t)zeros, end, err);
		if (r < 0)
			return r;
		at = end;
	}
	return send_frame(p, FRAME_END, NULL, 0, err);
}

static int pass_archive(struct port *p, struct err *err)
{
	cleanup_free char *chunk = xmalloc(FRAME_DATA_MAX);
	ssize_t n;

	do
		n = read(p->archive, chunk, FRAME_DATA_MAX);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		return send_frame(p, FRAME_DATA, chunk, (size_t)n, err);
	(void)close(take_fd(&p->archive));
	return send_frame(p, FRAME_END, NULL, 0, err);
}

/* The scratch disk is a sparse file. When the host's disk is full, what was written to the page
 * cache some time ago is lost, and later read as zeros. So everything is synced before content of
 * the tree is handed out. */
static void check_disk(struct port *p, struct message *m)
{
	CLEANUP(err_release) struct err failure = { 0 };

	if (m->type != MESSAGE_OK || !p->leaves || syncfs(p->trees) == 0)
		return;
	err_errno(&failure, ERR_BUILD, errno, "the appliance's disk lost what was written to it");
	err_hint(&failure,
		 "the disk that the store lies on is full, or fails: make room, or choose "
		 "another place with --store DIR or NETRESCUE_STORE");
	message_release(m);
	*m = (struct message){ .type = MESSAGE_ERROR };
	message_put_err(m, &failure);
}

/* The server's hint for a full file system advises to make room on it, which nobody can do here. */
static void name_disk(struct message *m)
{
	CLEANUP(err_release) struct err failure = { 0 };

	if (m->type != MESSAGE_ERROR)
		return;
	(void)message_take_err(m, &failure);
	if (failure.errnum == ENOSPC) {
		free(take_ptr(failure.hint));
		err_hint(&failure, "the appliance's disk is full: it is as large as one and a half "
				   "times what the packages need, and 8 GB; --sandbox=namespace "
				   "has all of the store's file system");
	}
	message_release(m);
	*m = (struct message){ .type = MESSAGE_ERROR };
	message_put_err(m, &failure);
}

/* Passes a message of the server on. *ret_done: it was the reply. */
static int pass_message(struct port *p, bool *ret_done, struct err *err)
{
	CLEANUP(message_release) struct message m = { 0 };
	int r = message_receive(p->sock, -1, &m, err);
	bool with_fd;

	if (r < 0)
		return r;
	if (r == 0)
		return err_set(err, ERR_BUILD, "the sandbox in the appliance ended");
	if (m.type == MESSAGE_OUTPUT || m.type == MESSAGE_NOTE || m.type == MESSAGE_WARNING)
		return send_message(p, &m, false, err);
	while (p->archive >= 0) {
		r = pass_archive(p, err);
		if (r < 0)
			return r;
	}
	check_disk(p, &m);
	name_disk(&m);
	with_fd = m.fd_count > 0;
	if (with_fd) {
		r = send_file(p, m.fd[0], err);
		if (r < 0)
			return r;
	}
	*ret_done = true;
	return send_message(p, &m, with_fd, err);
}

/* ---- from the host -------------------------------------------------------------------------- */

static int read_body(struct port *p, const struct frame *f, struct text *ret, struct err *err)
{
	if (f->length > MESSAGE_BODY_MAX + sizeof(struct frame_message))
		return lost(err, -EPROTO);
	ret->allocated = (size_t)f->length + 1;
	ret->data = xmalloc(ret->allocated);
	ret->length = f->length;
	ret->data[f->length] = '\0';
	return read_exactly(p, ret->data, f->length, err);
}

static int read_frame(struct port *p, struct frame *ret, struct err *err)
{
	int r = read_exactly(p, ret, sizeof(*ret), err);

	return r > 0 && ret->magic != FRAME_MAGIC ? lost(err, -EPROTO) : r;
}

/* Passes a piece of the tar on. A server that does not want the rest has closed the pipe. */
static int take_data(struct port *p, struct err *err)
{
	CLEANUP(text_release) struct text t = { 0 };
	struct frame f;
	int r = read_frame(p, &f, err);

	if (r > 0)
		r = read_body(p, &f, &t, err);
	if (r < 0)
		return r;
	if (r == 0)
		return lost(err, 0);
	if (f.type == FRAME_END || write_all(p->put, t.data, t.length) < 0)
		(void)close(take_fd(&p->put));
	return 0;
}

static int make_pipe(int *ret_ours, int *ret_theirs, bool we_write, struct err *err)
{
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot make a pipe");
	*ret_ours = fd[we_write];
	*ret_theirs = fd[!we_write];
	return 0;
}

static int find_fd(struct port *p, enum message_type type, int *ret, struct err *err)
{
	if (type == MESSAGE_PUT)
		return make_pipe(&p->put, ret, true, err);
	if (type == MESSAGE_ARCHIVE || type == MESSAGE_SNAPSHOT)
		return make_pipe(&p->archive, ret, false, err);
	*ret = fcntl(p->trees, F_DUPFD_CLOEXEC, 0);
	return *ret < 0 ? err_errno(err, ERR_BUILD, errno, "cannot pass '" TREES "' on") : 0;
}

static int pass_request(struct port *p, struct text *body, struct err *err)
{
	CLEANUP(message_release) struct message m = { 0 };
	struct frame_message head;

	if (body->length < sizeof(head))
		return lost(err, -EPROTO);
	memcpy(&head, body->data, sizeof(head));
	m.type = (enum message_type)head.type;
	p->leaves =
		m.type == MESSAGE_ARCHIVE || m.type == MESSAGE_SNAPSHOT || m.type == MESSAGE_READ;
	text_append(&m.body, body->data + sizeof(head), body->length - sizeof(head));
	cleanup_fd int theirs = -1;
	if (head.with_fd) {
		int r = find_fd(p, m.type, &theirs, err);

		if (r < 0)
			return r;
		message_put_fd(&m, theirs);
	}
	return message_send(p->sock, &m, err);
}

static int pass_until_done(struct port *p, struct err *err)
{
	for (bool done = false; !done;) {
		struct pollfd fd[3] = { { .fd = p->sock, .events = POLLIN },
					{ .fd = p->archive, .events = POLLIN },
					{ .fd = p->put < 0 ? -1 : p->fd, .events = POLLIN } };
		int r = 0;

		if (poll(fd, 3, -1) < 0 && errno != EINTR)
			return err_errno(err, ERR_BUILD, errno, "cannot wait in the appliance");
		if (fd[1].revents != 0)
			r = pass_archive(p, err);
		else if (fd[0].revents != 0)
			r = pass_message(p, &done, err);
		else if (fd[2].revents != 0)
			r = take_data(p, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int answer(struct port *p, struct err *err)
{
	int r = pass_until_done(p, err);

	if (p->put >= 0)
		(void)close(take_fd(&p->put));
	return r;
}

/* 1, or 0 when the host has hung up. */
static int serve_one(struct port *p, struct err *err)
{
	CLEANUP(text_release) struct text body = { 0 };
	struct frame f;
	int r = read_frame(p, &f, err);

	if (r > 0)
		r = read_body(p, &f, &body, err);
	if (r <= 0)
		return r;
	if (f.type != FRAME_MESSAGE)
		return 1; /* the rest of a tar that nobody wanted to its end */
	p->request = f.request;
	r = pass_request(p, &body, err);
	if (r < 0)
		return r;
	r = answer(p, err);
	return r < 0 ? r : 1;
}

int ns_serial_serve(int fd, int sock, struct err *err)
{
	cleanup_fd int trees = open(TREES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct port p = { .fd = fd, .sock = sock, .put = -1, .archive = -1, .trees = trees };
	int r;

	if (trees < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot open '" TREES "'");
	do
		r = serve_one(&p, err);
	while (r > 0);
	return r;
}

/* libguestfs starts us in a chroot below the appliance's root, which itself is a chroot in its
 * initramfs. No user namespace can be made in one (clone(2), EPERM). So the chroot's file system
 * becomes the root of a mount namespace, in the way of switch_root(8). */
int ns_serial_enter(struct err *err)
{
	cleanup_fd int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_fd int outer = open(OWN_NAMESPACE, O_RDONLY | O_CLOEXEC);

	if (root < 0 || outer < 0 || setns(outer, CLONE_NEWNS) < 0 || fchdir(root) < 0 ||
	    unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return err_errno(err, ERR_BUILD, errno,
				 "cannot make the appliance's file system the root");
	return 0;
}
