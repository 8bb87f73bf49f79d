/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/io.h"
#include "base/memory.h"
#include "sandbox/sandbox-exchange.h"

#define ARGUMENTS_MAX 64
#define COMMAND_SHOWN ((size_t)200)
#define LOOK_MS 1000

/* A request whose reply has no values. */
static int request(struct sandbox *sb, const struct message *m, struct err *err)
{
	CLEANUP(message_release) struct message reply = { 0 };
	int r = sandbox_exchange(sb, m, &reply, NULL, 0, err);

	return r < 0 ? r : message_end(&reply, err);
}

int sandbox_set_kernel(struct sandbox *sb, const char *release, struct err *err)
{
	CLEANUP(message_release) struct message m = { .type = MESSAGE_KERNEL };

	message_put_text(&m, release);
	return request(sb, &m, err);
}

static int put(struct sandbox *sb, int tar_fd, const char *where, bool exact, struct err *err)
{
	CLEANUP(message_release) struct message m = { .type = MESSAGE_PUT };

	message_put_text(&m, where);
	message_put_u64(&m, exact);
	message_put_fd(&m, tar_fd);
	return request(sb, &m, err);
}

int sandbox_put(struct sandbox *sb, int tar_fd, const char *where, struct err *err)
{
	return put(sb, tar_fd, where, false, err);
}

int sandbox_restore(struct sandbox *sb, int snapshot_fd, const char *where, struct err *err)
{
	return put(sb, snapshot_fd, where, true, err);
}

int sandbox_extract(struct sandbox *sb, const struct strv *debs, unsigned jobs, struct err *err)
{
	CLEANUP(message_release) struct message m = { .type = MESSAGE_EXTRACT };

	message_put_u64(&m, jobs);
	message_put_list(&m, (const char *const *)debs->item);
	return request(sb, &m, err);
}

/* ---- commands ------------------------------------------------------------------------------- */

static void put_command(struct message *m, const struct sandbox_command *c)
{
	message_put_list(m, c->argv);
	message_put_list(m, c->env);
	message_put_u64(m, c->input != NULL);
	message_put_text(m, c->input);
	message_put_text(m, c->output);
	message_put_u64(m, c->read_only);
	message_put_u64(m, c->may_fail);
	message_put_u64(m, c->record);
}

static int command_failed(const struct sandbox_command *c, const struct sandbox_output *o,
			  struct err *err)
{
	CLEANUP(text_release) struct text line = { 0 };
	CLEANUP(text_release) struct text said = { 0 };
	char status[64];

	for (size_t i = 0; c->argv[i]; i++)
		text_printf(&line, "%s%s", i > 0 ? " " : "", c->argv[i]);
	if (line.length > COMMAND_SHOWN) {
		line.length = COMMAND_SHOWN;
		line.data[line.length] = '\0';
		text_add(&line, " …");
	}
	for (size_t i = 0; i < o->last.count; i++)
		text_printf(&said, "\n%s", o->last.item[i]);
	return err_set(err, ERR_BUILD, "in the image, '%s' failed: %s%s%s", line.data,
		       child_status_text(c->status, status), o->last.count > 0 ? "; it said:" : "",
		       said.data ? said.data : "");
}

static int check_commands(struct sandbox *sb, struct sandbox_command *command,
			  struct sandbox_output *output, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++)
		sandbox_output_end(sb, &output[i]);
	for (size_t i = 0; i < count; i++)
		if (command[i].status != 0 && !command[i].may_fail)
			return command_failed(&command[i], &output[i], err);
	return 0;
}

static int run_commands(struct sandbox *sb, struct sandbox_command *command,
			struct sandbox_output *output, size_t count, struct err *err)
{
	CLEANUP(message_release) struct message m = { .type = MESSAGE_RUN };
	CLEANUP(message_release) struct message reply = { 0 };
	int r;

	message_put_u64(&m, count);
	for (size_t i = 0; i < count; i++)
		put_command(&m, &command[i]);
	r = sandbox_exchange(sb, &m, &reply, output, count, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++)
		command[i].status = (int)message_get_u64(&reply);
	r = message_end(&reply, err);
	if (r < 0)
		return r;
	return check_commands(sb, command, output, count, err);
}

int sandbox_run(struct sandbox *sb, struct sandbox_command *command, size_t count, struct err *err)
{
	cleanup_free struct sandbox_output *output = xcalloc(count, sizeof(*output));
	int r = run_commands(sb, command, output, count, err);

	for (size_t i = 0; i < count; i++)
		sandbox_output_release(&output[i]);
	return r;
}

int sandbox_call(struct sandbox *sb, struct err *err, const char *program, ...)
{
	const char *argv[ARGUMENTS_MAX + 1] = { program };
	struct sandbox_command c = { .argv = argv };
	size_t count = 1;
	va_list arguments;

	va_start(arguments, program);
	while (count < ARGUMENTS_MAX && (argv[count] = va_arg(arguments, const char *)))
		count++;
	va_end(arguments);
	if (count == ARGUMENTS_MAX)
		return err_set(err, ERR_BUILD, "too many arguments for '%s'", program);
	return sandbox_run(sb, &c, 1, err);
}

/* ---- files ---------------------------------------------------------------------------------- */

int sandbox_open_file(struct sandbox *sb, const char *path, int *ret_fd, struct err *err)
{
	CLEANUP(message_release) struct message m = { .type = MESSAGE_READ };
	CLEANUP(message_release) struct message reply = { 0 };
	int r;

	message_put_text(&m, path);
	r = sandbox_exchange(sb, &m, &reply, NULL, 0, err);
	if (r < 0)
		return r;
	cleanup_fd int fd = message_take_fd(&reply);
	r = message_end(&reply, err);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}

int sandbox_read(struct sandbox *sb, const char *path, size_t limit, struct text *ret,
		 struct err *err)
{
	CLEANUP(text_release) struct text t = { 0 };
	cleanup_fd int fd = -1;
	struct stat st;
	ssize_t n;
	int r = sandbox_open_file(sb, path, &fd, err);

	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0 || (uint64_t)st.st_size > limit)
		return err_set(err, ERR_BUILD, "'%s' in the tree is larger than %zu bytes", path,
			       limit);
	t.allocated = (size_t)st.st_size + 1;
	t.data = xmalloc(t.allocated);
	n = read_all(fd, t.data, (size_t)st.st_size);
	if (n < 0)
		return err_errno(err, ERR_BUILD, (int)-n, "cannot read '%s' in the tree", path);
	t.length = (size_t)n;
	t.data[n] = '\0';
	*ret = TAKE(t);
	return 0;
}

int sandbox_write(struct sandbox *sb, const char *path, const void *data, size_t size,
		  unsigned mode, struct err *err)
{
	CLEANUP(message_release) struct message m = { .type = MESSAGE_WRITE };

	message_put_text(&m, path);
	message_put_u64(&m, mode);
	message_put_bytes(&m, data, size);
	return request(sb, &m, err);
}

int sandbox_exists(struct sandbox *sb, const char *path, bool *ret, struct err *err)
{
	CLEANUP(message_release) struct message m = { .type = MESSAGE_EXISTS };
	CLEANUP(message_release) struct message reply = { 0 };
	bool exists;
	int r;

	message_put_text(&m, path);
	r = sandbox_exchange(sb, &m, &reply, NULL, 0, err);
	if (r < 0)
		return r;
	exists = message_get_u64(&reply) != 0;
	r = message_end(&reply, err);
	if (r < 0)
		return r;
	*ret = exists;
	return 0;
}

int sandbox_sweep(struct sandbox *sb, const struct sweep *rule, size_t count, struct err *err)
{
	CLEANUP(message_release) struct message m = { .type = MESSAGE_SWEEP };

	message_put_u64(&m, count);
	for (size_t i = 0; i < count; i++) {
		message_put_u64(&m, (uint64_t)rule[i].action);
		message_put_text(&m, rule[i].pattern);
	}
	return request(sb, &m, err);
}

int sandbox_archive_begin(struct sandbox *sb, const char *const *filter, int out_fd,
			  struct err *err)
{
	CLEANUP(message_release) struct message m = { .type = MESSAGE_ARCHIVE };

	message_put_list(&m, filter);
	message_put_fd(&m, out_fd);
	return sandbox_send(sb, &m, err);
}

int sandbox_archive_look(struct sandbox *sb, int milliseconds, char ret_tar_sha256[DIGEST_HEX],
			 uint64_t *ret_tar_size, struct err *err)
{
	CLEANUP(message_release) struct message reply = { 0 };
	uint64_t size;
	int r = sandbox_look(sb, milliseconds, &reply, err);

	if (r <= 0)
		return r;
	cleanup_free char *digest = message_get_text(&reply);
	size = message_get_u64(&reply);
	r = message_end(&reply, err);
	if (r < 0)
		return r;
	if (!digest_is_valid(digest))
		return err_set(err, ERR_BUILD, "the sandbox gives a malformed digest");
	memcpy(ret_tar_sha256, digest, DIGEST_HEX);
	*ret_tar_size = size;
	return 1;
}

int sandbox_archive(struct sandbox *sb, const char *const *filter, int out_fd,
		    char ret_tar_sha256[DIGEST_HEX], uint64_t *ret_tar_size, struct err *err)
{
	int r = sandbox_archive_begin(sb, filter, out_fd, err);

	while (r == 0)
		r = sandbox_archive_look(sb, LOOK_MS, ret_tar_sha256, ret_tar_size, err);
	return r < 0 ? r : 0;
}

int sandbox_snapshot(struct sandbox *sb, const char *where, int out_fd, struct err *err)
{
	CLEANUP(message_release) struct message m = { .type = MESSAGE_SNAPSHOT };

	message_put_text(&m, where);
	message_put_fd(&m, out_fd);
	return request(sb, &m, err);
}
