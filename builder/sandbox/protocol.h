/* SPDX-License-Identifier: MIT */
/*
 * What the main program and a sandbox's helper program say to each other, over a unix socket
 * (SOCK_STREAM). sandbox.h is the main program's side, namespace/ns.h the helper's; with
 * sandbox-guestfs between them (guestfs/guestfs.h) the messages also pass a serial port (frame.h).
 *
 * The main program sends one request and reads messages until the reply, MESSAGE_OK or
 * MESSAGE_ERROR; the helper may send any number of MESSAGE_OUTPUT, MESSAGE_NOTE and
 * MESSAGE_WARNING before it.
 * MESSAGE_OPEN is the first request. Whoever hangs up ends the sandbox.
 *
 * A message is a header {magic, type, body length, number of descriptors}, with its descriptors as
 * SCM_RIGHTS, then the body, which is a row of values. Both programs are of one build and run on
 * one machine, so integers are in host order. But the helper runs next to untrusted code: every
 * length meets a limit before memory is taken, and a message that does not parse to its last byte
 * is an error.
 *
 *	CLEANUP(message_release) struct message m = { .type = MESSAGE_READ };
 *	message_put_text(&m, path);
 *	r = message_send(sock, &m, err);
 *	...
 *	r = message_receive(sock, interrupt_fd(), &reply, err);
 *	size = message_get_u64(&reply);
 *	r = message_end(&reply, err);       (all values were there, and nothing else)
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

#define MESSAGE_FD_MAX 4
#define MESSAGE_BODY_MAX (64U << 20)
#define MESSAGE_LIST_MAX 65536U
#define MESSAGE_VERSION 4U

enum message_type {
	/* requests; their values, in this order */
	MESSAGE_OPEN =
		1, /* version, epoch, host name, kernel, space, on_disk, the limits (limits.h); fd:
		      directory for trees */
	MESSAGE_KERNEL,	  /* release */
	MESSAGE_PUT,	  /* directory, exact; fd: tar stream */
	MESSAGE_EXTRACT,  /* jobs, list of paths */
	MESSAGE_RUN,	  /* count, then per command: argv, env, has input, input, output ("" none),
			 * read-only, recorded */
	MESSAGE_READ,	  /* path; the reply carries the open file */
	MESSAGE_WRITE,	  /* path, mode, content */
	MESSAGE_EXISTS,	  /* path; reply: 0 or 1 */
	MESSAGE_SWEEP,	  /* count, then per rule: action, pattern */
	MESSAGE_ARCHIVE,  /* filter argv (may be empty); fd: where to */
	MESSAGE_SNAPSHOT, /* directory; fd: where to */
	MESSAGE_RECORDED, /* fd: where the tar of what the command made goes; reply: why there is
			   * no recording ("": there is one), calls, paths, recording.h's bytes */
	MESSAGE_MATCH,	  /* recording.h's bytes; reply: the first path that differs, or "" */
	MESSAGE_REPLAY,	  /* recording.h's bytes; fd: that tar */
	/* answers */
	MESSAGE_OK = 64,
	MESSAGE_ERROR,	 /* the error as a line (base/err-line.h) */
	MESSAGE_OUTPUT,	 /* number of the command, bytes it wrote */
	MESSAGE_NOTE,	 /* a line for whoever waits for the build */
	MESSAGE_WARNING, /* a line that is shown with --quiet, too */
};

struct message {
	enum message_type type;
	struct text body;
	size_t position;	/* of the next value to get */
	bool bad;		/* a value was missing, or over its limit */
	int fd[MESSAGE_FD_MAX]; /* received ones are owned; ones to send stay the caller's */
	size_t fd_count;
	bool received;
};

void message_put_u64(struct message *m, uint64_t value);
void message_put_bytes(struct message *m, const void *data, size_t size);
void message_put_text(struct message *m, const char *s);	   /* NULL is sent as "" */
void message_put_list(struct message *m, const char *const *list); /* NULL-terminated, or NULL */
void message_put_fd(struct message *m, int fd);

/* Each returns a harmless value (0, "", nothing) and marks the message bad if the value is not
 * there. */
uint64_t message_get_u64(struct message *m);
/* Points into the body; may hold NUL bytes. */
const char *message_get_bytes(struct message *m, size_t *ret_size);
/* A text without NUL bytes, owned by the caller, never NULL. */
char *message_get_text(struct message *m);
void message_get_list(struct message *m, struct strv *ret);
/* A received descriptor, now the caller's; -1 and bad if there is none. */
int message_take_fd(struct message *m);
/* To be called when all values have been got: an error if one of them was not there, if there are
 * more values, or if a descriptor was not taken. */
int message_end(struct message *m, struct err *err);

int message_send(int sock, const struct message *m, struct err *err);
/* Waits for a whole message: 1, or 0 if the other side is gone, or an error; ERR_INTERRUPTED once
 * interrupt_fd (-1: none) is readable. */
int message_receive(int sock, int interrupt_fd, struct message *ret, struct err *err);
/* Releases body and received descriptors. */
void message_release(struct message *m);

/* Sends MESSAGE_ERROR; whether that succeeds does not matter any more. */
void message_send_err(int sock, const struct err *failure);
/* An error as values of a message, and back into *err. message_take_err() also calls message_end(),
 * and returns the error's negative value. It drops the position: a file of this machine would be
 * quoted to whoever reads the message, and a sandbox has no say in which one. Nor does it believe
 * in an interruption, and a text of more than 16 KiB is cut. */
void message_put_err(struct message *m, const struct err *err);
int message_take_err(struct message *m, struct err *err);
