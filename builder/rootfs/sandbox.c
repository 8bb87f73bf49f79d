/* SPDX-License-Identifier: MIT */
#include "rootfs/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/interrupt.h"
#include "base/io.h"
#include "base/memory.h"
#include "rootfs/sandbox-exchange.h"

#define HELPER "sandbox-namespace"
#define HELPER_FD 3
#define LINE_MAX_SHOWN ((size_t)4096)
#define LINES_KEPT 20
/* The helper removes a tree on disk before it ends. */
#define END_MILLISECONDS 60000

/* ---- output of commands --------------------------------------------------------------------- */

static void end_line(struct sandbox *sb, struct sandbox_output *o)
{
	text_add(&o->line, "\n");
	if (sb->log >= 0)
		(void)write_all(sb->log, o->line.data, o->line.length);
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
	else if (sb->log >= 0)
		(void)write_all(sb->log, data, size);
	return 0;
}

/* ---- talking to the helper ------------------------------------------------------------------ */

static int receive(struct sandbox *sb, struct message *ret, struct err *err)
{
	int r = message_receive(sb->sock, interrupt_fd(), ret, err);

	if (r != 0)
		return r < 0 ? r : 0;
	err_set(err, ERR_BUILD, "the sandbox ended in the middle of its work");
	return err_hint(err,
			"if the kernel killed it for lack of memory (see dmesg), put the tree on "
			"disk with a store on a larger file system");
}

int sandbox_exchange(struct sandbox *sb, const struct message *request, struct message *ret_reply,
		     struct sandbox_output *output, size_t count, struct err *err)
{
	int r;

	if (sb->lost)
		return err_set(err, ERR_BUILD, "the sandbox is gone");
	sb->lost = true;
	r = message_send(sb->sock, request, err);
	while (r == 0) {
		CLEANUP(message_release) struct message m = { 0 };

		r = receive(sb, &m, err);
		if (r < 0)
			break;
		if (m.type == MESSAGE_OUTPUT) {
			r = take_output(sb, &m, output, count, err);
			continue;
		}
		sb->lost = false;
		if (m.type == MESSAGE_ERROR)
			return message_take_err(&m, err);
		if (m.type != MESSAGE_OK)
			return err_set(err, ERR_BUILD, "the sandbox answers with message %d",
				       (int)m.type);
		*ret_reply = m;
		m = (struct message){ 0 };
		return 0;
	}
	return r;
}

/* ---- opening -------------------------------------------------------------------------------- */

static int find_helper(char **ret, struct err *err)
{
	static const char *const place[] = { "", "../libexec/netrescue/", "../" };
	const char *given = getenv("NETRESCUE_LIBEXEC");
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	if (given) {
		*ret = xasprintf("%s/" HELPER, given);
		return 0;
	}
	if (n < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot find out where netrescue lies");
	exe[n] = '\0';
	slash = strrchr(exe, '/');
	slash[1] = '\0';
	for (size_t i = 0; i < sizeof(place) / sizeof(place[0]); i++) {
		cleanup_free char *path = xasprintf("%s%s" HELPER, exe, place[i]);

		if (access(path, X_OK) == 0) {
			*ret = take_ptr(path);
			return 0;
		}
	}
	err_set(err, ERR_BUILD, "cannot find the program '" HELPER "' beside '%s'", exe);
	return err_hint(err, "install it there, or name its directory in NETRESCUE_LIBEXEC");
}

static int check_kind(const char *kind, struct err *err)
{
	if (!kind || streq(kind, "auto") || streq(kind, "namespace"))
		return 0;
	if (streq(kind, "root-unconfined"))
		err_set(err, ERR_USAGE,
			"the sandbox 'root-unconfined' is not offered: package scripts "
			"would run as this machine's root, with nothing around them");
	else
		err_set(err, ERR_USAGE, "unknown sandbox '%s'", kind);
	return err_hint(err, "use --sandbox=auto or --sandbox=namespace");
}

static int start_helper(struct sandbox *sb, struct err *err)
{
	cleanup_free char *helper = NULL;
	int pair[2];
	int r = find_helper(&helper, err);

	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(err, ERR_BUILD, errno, "cannot make a socket for the sandbox");
	sb->sock = pair[0];
	cleanup_fd int theirs = pair[1];
	return child_start(&sb->child,
			   &(struct child_options){
				   .argv = (const char *const[]){ helper, NULL },
				   .fd = { { HELPER_FD, theirs } },
				   .fd_count = 1,
			   },
			   err);
}

static int greet(struct sandbox *sb, struct store *s, const struct sandbox_options *options,
		 struct err *err)
{
	CLEANUP(message_release) struct message m = { .type = MESSAGE_OPEN };
	CLEANUP(message_release) struct message reply = { 0 };
	cleanup_fd int trees = -1;
	int r = open_dir(store_dirfd(s), "tree", &trees, err);

	if (r < 0)
		return r;
	message_put_u64(&m, MESSAGE_VERSION);
	message_put_u64(&m, (uint64_t)options->source_date_epoch);
	message_put_text(&m, options->hostname ? options->hostname : "netrescue");
	message_put_text(&m, options->kernel ? options->kernel : "6.1.0-netrescue");
	message_put_u64(&m, options->space);
	message_put_u64(&m, options->on_disk);
	message_put_fd(&m, trees);
	r = sandbox_exchange(sb, &m, &reply, NULL, 0, err);
	if (r < 0)
		return r;
	sb->description = message_get_text(&reply);
	return message_end(&reply, err);
}

int sandbox_open(struct store *s, const struct sandbox_options *options, struct sandbox **ret,
		 struct err *err)
{
	CLEANUP(sandbox_cleanup) struct sandbox *sb = xcalloc(1, sizeof(*sb));
	int r;

	sb->child = (struct child)CHILD_INIT;
	sb->sock = -1;
	sb->log = -1;
	r = check_kind(options->kind, err);
	if (r < 0)
		return r;
	if (options->log_fd >= 0) {
		sb->log = fcntl(options->log_fd, F_DUPFD_CLOEXEC, 3);
		if (sb->log < 0)
			return err_errno(err, ERR_BUILD, errno, "cannot use the sandbox's log");
	}
	r = start_helper(sb, err);
	if (r == 0)
		r = greet(sb, s, options, err);
	if (r < 0)
		return err_wrap(err, "opening the sandbox");
	*ret = take_ptr(sb);
	return 0;
}

void sandbox_free(struct sandbox *sb)
{
	if (!sb)
		return;
	if (sb->sock >= 0)
		(void)close(sb->sock);
	/* Even after Ctrl-C: what lies on disk is the helper's to remove. */
	if (sb->child.pidfd >= 0) {
		struct pollfd p = { .fd = sb->child.pidfd, .events = POLLIN };

		while (poll(&p, 1, END_MILLISECONDS) < 0 && errno == EINTR)
			;
	}
	child_release(&sb->child);
	if (sb->log >= 0)
		(void)close(sb->log);
	free(sb->description);
	free(sb);
}

const char *sandbox_description(const struct sandbox *sb)
{
	return sb->description;
}

void sandbox_on_line(struct sandbox *sb, void (*fn)(const char *line, void *data), void *data)
{
	sb->on_line = fn;
	sb->data = data;
}
