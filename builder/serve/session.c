/* SPDX-License-Identifier: MIT */
#include "serve/session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/io.h"
#include "base/memory.h"
#include "serve/server-script.h"

#define LABEL_MAX 200
#define FILE_PATH_MAX 127
#define PLAIN                                                                                      \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"                           \
	"._/:@+-"

bool session_is_plain(const char *word)
{
	return *word && *word != '-' && !word[strspn(word, PLAIN)];
}

bool session_is_label(const char *label)
{
	return session_is_plain(label) && !strpbrk(label, "/:@") && strlen(label) <= LABEL_MAX;
}

bool session_is_file(const char *path)
{
	/* PXELINUX takes what stands before "::" for another server. */
	return *path != '/' && session_is_plain(path) && !strstr(path, "..") &&
	       !strchr(path, ':') && strlen(path) <= FILE_PATH_MAX;
}

/* ---- where ----------------------------------------------------------------------------------- */

static bool is_path(const char *path)
{
	return path[0] == '/' && path[1] && session_is_plain(path) && !strstr(path, "//") &&
	       !strstr(path, "/../") && !ends_with(path, "/..") && !strchr(path, ':');
}

/* [USER@]HOST, of which ssh takes nothing for an option. */
static bool is_host(const char *host)
{
	const char *at = strrchr(host, '@');

	return session_is_plain(host) && session_is_plain(at ? at + 1 : host) && !strchr(host, '/');
}

int serve_place_read(const char *text, struct serve_place *ret, struct err *err)
{
	const char *colon = *text == '/' ? NULL : strchr(text, ':');
	cleanup_free char *host = colon ? xstrndup(text, (size_t)(colon - text)) : NULL;
	cleanup_free char *path = xstrdup(colon ? colon + 1 : text);

	while (strlen(path) > 1 && ends_with(path, "/"))
		path[strlen(path) - 1] = '\0';
	if (!is_path(path) || (host && !is_host(host))) {
		err_set(err, ERR_USAGE, "'%s' is no directory of a server", text);
		return err_hint(err, "write [USER@]HOST:/srv/pxe, or /srv/pxe for this machine; "
				     "only letters, digits and . _ / + - may be in it");
	}
	*ret = (struct serve_place){ .host = take_ptr(host), .path = take_ptr(path) };
	return 0;
}

char *serve_place_text(const struct serve_place *place)
{
	return place->host ? xasprintf("%s:%s", place->host, place->path) : xstrdup(place->path);
}

void serve_place_release(struct serve_place *place)
{
	free(place->host);
	free(place->path);
	*place = (struct serve_place){ 0 };
}

/* ---- the connection -------------------------------------------------------------------------- */

static int start(struct session *s, const struct strv *argv, struct err *err)
{
	int in[2], out[2] = { -1, -1 }, r;

	if (pipe2(in, O_CLOEXEC) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot make a pipe");
	cleanup_fd int child_in = in[0];
	s->to = in[1];
	if (pipe2(out, O_CLOEXEC) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot make a pipe");
	cleanup_fd int child_out = out[1];
	s->from = out[0];
	/* ssh wants the user's agent and home, and ssh's configuration may name any variable. */
	const struct child_options options = {
		.argv = (const char *const *)argv->item,
		.env = (const char *const *)environ,
		.fd = { { STDIN_FILENO, child_in }, { STDOUT_FILENO, child_out } },
		.fd_count = 2,
	};
	r = child_start(&s->child, &options, err);
	return r;
}

/* The script comes first on its own standard input: head reads these bytes and not one more. */
static void add_shell(struct strv *argv, const struct serve_place *place, const char *ssh)
{
	cleanup_free char *shell = xasprintf("SCRIPT=$(head -c %zu) && eval \"$SCRIPT\"",
					     (size_t)(server_script_end - server_script));

	if (!place->host) {
		strv_add(argv, "sh");
		strv_add(argv, "-c");
		strv_add(argv, shell);
		return;
	}
	strv_split(argv, ssh ? ssh : "ssh", " ");
	strv_add(argv, "-T");
	strv_add(argv, place->host);
	strv_addf(argv, "exec sh -c '%s'", shell);
}

static int lost(struct session *s, struct err *err)
{
	int status = 0;
	char text[64];

	if (child_wait(&s->child, &status, err) < 0)
		return err_value(err);
	if (!s->place->host) {
		err_set(err, ERR_BUILD, "the work on '%s' ended: %s", s->place->path,
			child_status_text(status, text));
		return err_hint(err, "run it again to go on");
	}
	err_set(err, ERR_NETWORK, "the connection to %s ended: %s, %s", s->place->host,
		s->child.name, child_status_text(status, text));
	return err_hint(err,
			"what ssh says above has the reason; `ssh %s true` must work; run it again "
			"to go on",
			s->place->host);
}

/* Waits for the script's bytes, or for a signal to us. */
static int read_more(struct session *s, struct err *err)
{
	char buffer[16384];

	for (;;) {
		struct pollfd watch[] = {
			{ .fd = s->from, .events = POLLIN },
			{ .fd = interrupt_fd(), .events = POLLIN },
		};
		int n = poll(watch, ARRAY_SIZE(watch), -1), r = interrupt_check(err);
		ssize_t got;

		if (r < 0)
			return r;
		if (n < 0 || !watch[0].revents)
			continue;
		got = read(s->from, buffer, sizeof(buffer));
		if (got > 0) {
			text_append(&s->unread, buffer, (size_t)got);
			return 0;
		}
		if (got == 0 || errno != EINTR)
			return lost(s, err);
	}
}

static void show_steps(const struct session *s, const struct reply *reply, size_t from)
{
	for (size_t i = from; s->step && i < reply->count; i++)
		if (streq(reply->item[i].word, "step"))
			s->step(reply->item[i].text, s->step_data);
}

static int read_reply(struct session *s, struct reply *reply, struct err *err)
{
	for (;;) {
		size_t used = 0, before = reply->count;
		int r = reply_parse(reply, s->unread.data, s->unread.length, &used, err);

		show_steps(s, reply, before);
		if (r < 0)
			return r;
		if (used) {
			memmove(s->unread.data, s->unread.data + used, s->unread.length - used);
			s->unread.length -= used;
		}
		if (r == 1)
			break;
		r = read_more(s, err);
		if (r < 0)
			return r;
	}
	if (!reply->failed)
		return 0;
	err_set(err, ERR_BUILD, "%s%s%s", s->place->host ? s->place->host : "",
		s->place->host ? ": " : "", reply->failed);
	return reply->hint ? err_hint(err, "%s", reply->hint) : err_value(err);
}

/* Sends bytes; where the script has ended before it read them its last words are the answer. */
static int transmit(struct session *s, const void *data, size_t size, struct err *err)
{
	int r = write_all(s->to, data, size);

	if (r < 0 && r != -EPIPE)
		return err_errno(err, ERR_NETWORK, -r, "cannot write to '%s'", s->child.name);
	return 0;
}

int session_open(struct session *s, const struct serve_place *place, const char *ssh,
		 struct err *err)
{
	CLEANUP(strv_release) struct strv argv = { 0 };
	CLEANUP(reply_release) struct reply hello = { 0 };
	int r;

	s->place = place;
	s->ssh = ssh;
	add_shell(&argv, place, ssh);
	r = start(s, &argv, err);
	if (r == 0)
		r = transmit(s, server_script, (size_t)(server_script_end - server_script), err);
	/* An empty request, to which the script answers after its greeting. */
	if (r == 0)
		r = transmit(s, "hello\n", strlen("hello\n"), err);
	if (r == 0)
		r = read_reply(s, &hello, err);
	if (r < 0)
		return r;
	s->sudo = reply_fact(&hello, "sudo", 0);
	return 0;
}

static int ask(struct session *s, const char *line, const char *data, size_t size,
	       struct reply *ret, struct err *err)
{
	CLEANUP(reply_release) struct reply reply = { 0 };
	int r = transmit(s, line, strlen(line), err);

	if (r == 0)
		r = transmit(s, data, size, err);
	if (r == 0)
		r = read_reply(s, &reply, err);
	if (r < 0)
		return r;
	if (ret) {
		reply_release(ret);
		*ret = TAKE(reply);
	}
	return 0;
}

int session_ask(struct session *s, struct reply *ret, struct err *err, const char *format, ...)
{
	CLEANUP(text_release) struct text line = { 0 };
	va_list arguments;

	va_start(arguments, format);
	text_vprintf(&line, format, arguments);
	va_end(arguments);
	text_add(&line, "\n");
	return ask(s, line.data, "", 0, ret, err);
}

int session_send(struct session *s, const char *data, size_t size, struct reply *ret,
		 struct err *err, const char *format, ...)
{
	CLEANUP(text_release) struct text line = { 0 };
	va_list arguments;

	va_start(arguments, format);
	text_vprintf(&line, format, arguments);
	va_end(arguments);
	text_printf(&line, " %zu\n", size);
	return ask(s, line.data, data, size, ret, err);
}

/* At the end of its input the script ends by itself, so that it can take away what it made for a
 * while. What still works there after an interrupt ends on its own, with the lock. */
void session_release(struct session *s)
{
	CLEANUP(err_release) struct err ignored = { 0 };
	int status;

	cleanup_close_fd(&s->to);
	s->to = -1;
	if (s->child.pid > 0 && !interrupt_signal())
		(void)child_wait(&s->child, &status, &ignored);
	cleanup_close_fd(&s->from);
	s->from = -1;
	child_release(&s->child);
	text_release(&s->unread);
}
