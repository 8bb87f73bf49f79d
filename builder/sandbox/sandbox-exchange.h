/* SPDX-License-Identifier: MIT */
/* The main program's end of the socket, which sandbox-open.c (opening), sandbox.c (messages) and
 * sandbox-request.c (requests) share. */
#pragma once

#include "base/child.h"
#include "sandbox/protocol.h"
#include "sandbox/sandbox.h"

struct sandbox {
	struct child child;
	int sock;
	int log;	  /* owned; -1: none */
	size_t logged;	  /* bytes */
	bool lost;	  /* an answer is missing: no more requests */
	const char *kind; /* namespace, guestfs */
	char *description;
	void (*on_line)(const char *line, void *data);
	void *data;
};

/* What one command wrote: the line that is not complete yet, and the last complete ones. */
struct sandbox_output {
	struct text line;
	struct strv last;
};

/* Sends the request and waits for its reply. Output of commands goes to the log and to
 * output[number] (count of them, may be NULL). An error reply fills err. */
int sandbox_exchange(struct sandbox *sb, const struct message *request, struct message *ret_reply,
		     struct sandbox_output *output, size_t count, struct err *err);
/* Sends the request, and then looks again and again for its reply: waits for a message at most that
 * long, and says 1 if it was the reply. */
int sandbox_send(struct sandbox *sb, const struct message *request, struct err *err);
int sandbox_look(struct sandbox *sb, int milliseconds, struct message *ret_reply, struct err *err);
/* Takes what is left as a last line, if a command ended its output without a newline. */
void sandbox_output_end(struct sandbox *sb, struct sandbox_output *o);
void sandbox_output_release(struct sandbox_output *o);
/* Hangs up and waits until the helper has removed what it made. After that, another helper may be
 * started. */
void sandbox_end(struct sandbox *sb);
