/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/memory.h"
#include "base/text.h"
#include "sandbox/namespace/ns.h"

#define COMMANDS_MAX 64

struct command {
	struct strv argv;
	struct strv env;
};

/* A file for a command's output. The scripts before may have left anything there: a link would lead
 * elsewhere, and opening a pipe would wait for ever. */
static int open_output(const char *path, int *ret_fd, struct err *err)
{
	cleanup_fd int fd = ns_open(
		path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0644);
	struct stat st;

	if (fd < 0)
		return err_errno(err, ERR_BUILD, -fd, "cannot write '%s' in the tree", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(err, ERR_BUILD, "'%s' in the tree is no regular file", path);
	*ret_fd = take_fd(&fd);
	return 0;
}

static int read_command(struct message *request, struct command *c, struct ns_job *job,
			struct err *err)
{
	bool has_input;
	const char *input;
	size_t size;

	message_get_list(request, &c->argv);
	message_get_list(request, &c->env);
	has_input = message_get_u64(request) != 0;
	input = message_get_bytes(request, &size);
	cleanup_free char *output = message_get_text(request);
	job->read_only = message_get_u64(request) != 0;
	job->may_fail = message_get_u64(request) != 0;
	job->record = message_get_u64(request) != 0;
	if (c->argv.count == 0)
		request->bad = true;
	if (request->bad)
		return 0;
	job->argv = (const char *const *)c->argv.item;
	job->env = (const char *const *)c->env.item;
	job->is_script = true;
	if (has_input) {
		int r = memory_fd(input, size, &job->in, err);

		if (r < 0)
			return r;
	}
	if (output[0] == '\0')
		return 0;
	return open_output(output, &job->out, err);
}

static int run_commands(struct ns *ns, struct message *request, struct command *command,
			struct ns_job *job, size_t count, struct err *err)
{
	int r;

	for (size_t i = 0; i < count; i++) {
		r = read_command(request, &command[i], &job[i], err);
		if (r < 0)
			return r;
	}
	r = message_end(request, err);
	if (r < 0)
		return r;
	return ns_run(ns, job, count, err);
}

static int request_run(struct ns *ns, struct message *request, struct message *reply,
		       struct err *err)
{
	struct command command[COMMANDS_MAX] = { 0 };
	struct ns_job job[COMMANDS_MAX];
	uint64_t count = message_get_u64(request);
	int r;

	if (count == 0 || count > COMMANDS_MAX)
		return err_set(err, ERR_BUILD, "a request may have 1 to %d commands, no more",
			       COMMANDS_MAX);
	for (size_t i = 0; i < count; i++)
		job[i] = (struct ns_job)NS_JOB_INIT;
	r = run_commands(ns, request, command, job, count, err);
	for (size_t i = 0; i < count; i++) {
		message_put_u64(reply, (uint64_t)job[i].status);
		ns_job_release(&job[i]);
		strv_release(&command[i].argv);
		strv_release(&command[i].env);
	}
	return r;
}

static int request_kernel(struct ns *ns, struct message *request, struct message *reply,
			  struct err *err)
{
	cleanup_free char *release = message_get_text(request);
	int r = message_end(request, err);

	(void)reply;
	if (r < 0)
		return r;
	free(ns->kernel);
	ns->kernel = take_ptr(release);
	return ns_world_kernel(ns, err);
}

static ns_request_fn find_request(enum message_type type)
{
	static const struct {
		enum message_type type;
		ns_request_fn fn;
	} request[] = {
		{ MESSAGE_KERNEL, request_kernel },
		{ MESSAGE_PUT, ns_request_put },
		{ MESSAGE_EXTRACT, ns_request_extract },
		{ MESSAGE_RUN, request_run },
		{ MESSAGE_READ, ns_request_read },
		{ MESSAGE_WRITE, ns_request_write },
		{ MESSAGE_EXISTS, ns_request_exists },
		{ MESSAGE_SWEEP, ns_request_sweep },
		{ MESSAGE_ARCHIVE, ns_request_archive },
		{ MESSAGE_SNAPSHOT, ns_request_snapshot },
		{ MESSAGE_RECORDED, ns_request_recorded },
		{ MESSAGE_MATCH, ns_request_match },
		{ MESSAGE_REPLAY, ns_request_replay },
	};

	for (size_t i = 0; i < ARRAY_SIZE(request); i++)
		if (request[i].type == type)
			return request[i].fn;
	return NULL;
}

/* Fails only if the socket does: there is nobody to tell then. */
static int answer(struct ns *ns, struct message *request, struct err *err)
{
	CLEANUP(message_release) struct message reply = { .type = MESSAGE_OK };
	CLEANUP(err_release) struct err failure = { 0 };
	ns_request_fn fn = find_request(request->type);
	int r = fn ? fn(ns, request, &reply, &failure)
		   : err_set(&failure, ERR_BUILD,
			     "the sandbox got a request of an unknown type, %d",
			     (int)request->type);

	if (r < 0) {
		message_release(&reply);
		reply.type = MESSAGE_ERROR;
		/* The archive goes to a file of the caller's, on another disk than the tree. */
		if (request->type != MESSAGE_ARCHIVE && request->type != MESSAGE_SNAPSHOT)
			ns_watch_explain(ns, &failure);
		message_put_err(&reply, &failure);
	}
	r = message_send(ns->sock, &reply, err);
	for (size_t i = 0; i < reply.fd_count; i++)
		(void)close(reply.fd[i]);
	return r;
}

int ns_serve(struct ns *ns)
{
	for (;;) {
		CLEANUP(message_release) struct message request = { 0 };
		CLEANUP(err_release) struct err err = { 0 };

		if (message_receive(ns->sock, -1, &request, &err) <= 0 ||
		    answer(ns, &request, &err) < 0)
			return err.class == ERR_NONE ? 0 : 1;
	}
}
