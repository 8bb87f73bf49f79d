/* SPDX-License-Identifier: MIT */
/*
 * A conversation with server.sh, which does on a file server what has to be done there. The server
 * is another machine, by ssh with the user's own configuration, or a directory of this one.
 *
 *	CLEANUP(serve_place_release) struct serve_place place = { 0 };
 *	CLEANUP(session_release) struct session s = SESSION_INIT;
 *	CLEANUP(reply_release) struct reply reply = { 0 };
 *	r = serve_place_read("root@boot:/srv/pxe", &place, err);
 *	r = session_open(&s, &place, NULL, err);
 *	r = session_ask(&s, &reply, err, "probe %s", "rescue64");
 *
 * The script sees to it that no two change a server at once, and ends with this process.
 */
#pragma once

#include <stdbool.h>

#include "base/child.h"
#include "base/err.h"
#include "base/text.h"
#include "serve/reply.h"

struct serve_place {
	char *host; /* "root@boot", for ssh; NULL: this machine */
	char *path; /* absolute, without a slash at its end */
};

/* [USER@]HOST:/PATH or /PATH. ERR_USAGE for anything else, and for a path with characters that
 * would have to be quoted somewhere. */
int serve_place_read(const char *text, struct serve_place *ret, struct err *err);
/* As the user would write it; the caller frees it. */
char *serve_place_text(const struct serve_place *place);
void serve_place_release(struct serve_place *place);

struct session {
	struct child child;
	const struct serve_place *place; /* borrowed */
	const char *ssh;		 /* borrowed; NULL: "ssh" */
	int to, from;
	bool sudo;				    /* the script runs by it */
	struct text unread;			    /* of what the script has answered */
	void (*step)(const char *name, void *data); /* called for each step; may be NULL */
	void *step_data;
};
#define SESSION_INIT                                                                               \
	{                                                                                          \
		.child = CHILD_INIT, .to = -1, .from = -1                                          \
	}

/* Connects and starts the script. ssh: the command, with options split at blanks, or NULL. A
 * connection that fails is ERR_NETWORK; ssh itself has said why. */
int session_open(struct session *s, const struct serve_place *place, const char *ssh,
		 struct err *err);
/* Sends a request, a line by printf(3), and reads the answer, which the caller releases. A failure
 * of the server's is an error of this class: ERR_BUILD. ret may be NULL. */
int session_ask(struct session *s, struct reply *ret, struct err *err, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* The same for a request that brings bytes: their number is added to the line. */
int session_send(struct session *s, const char *data, size_t size, struct reply *ret,
		 struct err *err, const char *format, ...) __attribute__((format(printf, 6, 7)));
void session_release(struct session *s);

/* Whether a word can stand in a request and in a path on the server as it is. */
bool session_is_plain(const char *word);
/* The same of a menu entry's label, and of a file's path below the TFTP root. */
bool session_is_label(const char *label);
bool session_is_file(const char *path);
