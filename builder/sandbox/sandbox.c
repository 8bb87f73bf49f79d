/* SPDX-License-Identifier: MIT */
#include "sandbox/sandbox.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/interrupt.h"
#include "base/io.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/memory.h"
#include "sandbox/sandbox-exchange.h"

#define LINE_MAX_SHOWN ((size_t)4096)
#define LINES_KEPT 20
/* As long as it may take the helper to remove a tree on disk before it ends. */
#define END_MILLISECONDS 60000
#define TICK_MS 1000

/* ---- output of commands --------------------------------------------------------------------- */

static void add_log(struct sandbox *sb, const char *data, size_t size)
{
	static const char end[] = "netrescue: the log ends here, at its limit of 16 MiB\n";

	static_assert(SANDBOX_LOG_MAX == (size_t)16 << 20, "the text above says so");
	if (sb->log < 0 || sb->logged > SANDBOX_LOG_MAX)
		return;
	sb->logged += size;
	if (sb->logged <= SANDBOX_LOG_MAX) {
		(void)write_all(sb->log, data, size);
		return;
	}
	(void)write_all(sb->log, end, strlen(end));
	log_warning("the scripts of this build have written 16 MiB into the log; what follows is "
		    "left out of it");
}

/* A log is read on a terminal sooner or later, so all that is in it can be printed: what a script
 * wrote with tabs, but without NUL bytes and returns at the ends of lines. */
static void add_clean_log(struct sandbox *sb, const char *data, size_t size)
{
	CLEANUP(text_release) struct text clean = { 0 };

	for (const char *end = data + size; data < end;) {
		size_t length = strcspn(data, "\n\t");
		cleanup_free char *piece = xstrndup(data, length);

		if (length > 0 && data[length] == '\n' && piece[length - 1] == '\r')
			piece[length - 1] = '\0';
		text_add_escaped(&clean, piece);
		if (data[length])
			text_append(&clean, data + length, 1);
		data += length + 1;
	}
	add_log(sb, clean.data, clean.length);
}

static void end_line(struct sandbox *sb, struct sandbox_output *o)
{
	text_add(&o->line, "\n");
	add_clean_log(sb, o->line.data, o->line.length);
	o->line.data[--o->line.length] = '\0';
	if (sb->on_line)
		sb->on_line(o->line.data, sb->data);
	if (o->last.count == LINES_KEPT) {
		free(o->last.item[0]);
		memmove(o->last.item, o->last.item + 1, LINES_KEPT * sizeof(*o->last.item));
		o->last.count--;
	}
	strv_add(&o->last, o->line.data);
	o->line.length = 0;
	o->line.data[0] = '\0';
}

void sandbox_output_end(struct sandbox *sb, struct sandbox_output *o)
{
	if (o->line.length > 0)
		end_line(sb, o);
}

void sandbox_output_release(struct sandbox_output *o)
{
	text_release(&o->line);
	strv_release(&o->last);
}

static void add_output(struct sandbox *sb, struct sandbox_output *o, const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (data[i] == '\n')
			end_line(sb, o);
		else if (data[i] != '\0')
			text_append(&o->line, &data[i], 1);
		if (o->line.length >= LINE_MAX_SHOWN)
			end_line(sb, o);
	}
}

static int take_output(struct sandbox *sb, struct message *m, struct sandbox_output *output,
		       size_t count, struct err *err)
{
	uint64_t number = message_get_u64(m);
	size_t size;
	const char *data = message_get_bytes(m, &size);
	int r = message_end(m, err);

	if (r < 0)
		return r;
	if (number < count)
		add_output(sb, &output[number], data, size);
	else
		add_clean_log(sb, data, size);
	return 0;
}

static int take_note(struct message *m, bool warning, struct err *err)
{
	cleanup_free char *line = message_get_text(m);
	int r = message_end(m, err);

	if (r < 0)
		return r;
	if (warning)
		log_warning("%s", line);
	else
		log_note("%s", line);
	return 0;
}

/* ---- talking to the helper ------------------------------------------------------------------ */

/* In an appliance minutes may pass without a message; the progress line then still counts. */
static void wait_for_word(const struct sandbox *sb)
{
	struct pollfd p[2] = { { .fd = sb->sock, .events = POLLIN },
			       { .fd = interrupt_fd(), .events = POLLIN } };

	while (poll(p, 2, TICK_MS) == 0)
		progress_tick();
}

static int receive(struct sandbox *sb, struct message *ret, struct err *err)
{
	int r;

	wait_for_word(sb);
	r = message_receive(sb->sock, interrupt_fd(), ret, err);
	if (r < 0)
		return r;
	if (r > 0)
		return 0;
	err_set(err, ERR_BUILD, "the sandbox ended in the middle of its work");
	return err_hint(
		err, "if the kernel killed it for lack of memory (see dmesg), set "
		     "NETRESCUE_TREE=disk, which puts the tree into the store instead of memory");
}

/* 1: the reply is in *ret_reply; 0: something that comes before it has been dealt with. */
static int receive_one(struct sandbox *sb, struct message *ret_reply, struct sandbox_output *output,
		       size_t count, struct err *err)
{
	CLEANUP(message_release) struct message m = { 0 };
	int r = receive(sb, &m, err);

	if (r < 0)
		return r;
	if (m.type == MESSAGE_NOTE || m.type == MESSAGE_WARNING)
		return take_note(&m, m.type == MESSAGE_WARNING, err);
	if (m.type == MESSAGE_OUTPUT)
		return take_output(sb, &m, output, count, err);
	sb->lost = false;
	if (m.type == MESSAGE_ERROR)
		return message_take_err(&m, err);
	if (m.type != MESSAGE_OK)
		return err_set(err, ERR_BUILD, "the sandbox gave an answer of an unknown type, %d",
			       (int)m.type);
	*ret_reply = TAKE(m);
	return 1;
}

int sandbox_send(struct sandbox *sb, const struct message *request, struct err *err)
{
	if (sb->lost)
		return err_set(err, ERR_BUILD,
			       "the sandbox cannot be used any more, because an earlier "
			       "request to it failed");
	sb->lost = true;
	return message_send(sb->sock, request, err);
}

int sandbox_look(struct sandbox *sb, int milliseconds, struct message *ret_reply, struct err *err)
{
	struct pollfd p[2] = { { .fd = sb->sock, .events = POLLIN },
			       { .fd = interrupt_fd(), .events = POLLIN } };

	if (poll(p, 2, milliseconds) > 0)
		return receive_one(sb, ret_reply, NULL, 0, err);
	progress_tick();
	return 0;
}

int sandbox_exchange(struct sandbox *sb, const struct message *request, struct message *ret_reply,
		     struct sandbox_output *output, size_t count, struct err *err)
{
	int r = sandbox_send(sb, request, err);

	while (r == 0)
		r = receive_one(sb, ret_reply, output, count, err);
	return r < 0 ? r : 0;
}

/* ---- the end -------------------------------------------------------------------------------- */

void sandbox_end(struct sandbox *sb)
{
	if (sb->sock >= 0)
		(void)close(take_fd(&sb->sock));
	/* Waits after Ctrl-C, too: only the helper can remove what lies on disk. */
	if (sb->child.pidfd >= 0) {
		struct pollfd p = { .fd = sb->child.pidfd, .events = POLLIN };

		while (poll(&p, 1, END_MILLISECONDS) < 0 && errno == EINTR)
			;
	}
	child_release(&sb->child);
	sb->child = (struct child)CHILD_INIT;
}

void sandbox_free(struct sandbox *sb)
{
	if (!sb)
		return;
	sandbox_end(sb);
	if (sb->log >= 0)
		(void)close(sb->log);
	free(sb->description);
	free(sb);
}

const char *sandbox_description(const struct sandbox *sb)
{
	return sb->description;
}

const char *sandbox_kind(const struct sandbox *sb)
{
	return sb->kind;
}

void sandbox_on_line(struct sandbox *sb, void (*fn)(const char *line, void *data), void *data)
{
	sb->on_line = fn;
	sb->data = data;
}
