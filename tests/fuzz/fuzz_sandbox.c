/* SPDX-License-Identifier: MIT */
/* A helper that answers requests with whatever it likes. */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "fuzz.h"
#include "sandbox/protocol.h"
#include "sandbox/sandbox.h"
#include "sandbox/sandbox-exchange.h"

static void ask(struct sandbox *sb)
{
	static const char *const argv[] = { "true", NULL };
	struct sandbox_command command[2] = { { .argv = argv },
					      { .argv = argv, .may_fail = true } };
	CLEANUP(err_release) struct err run = { 0 };
	CLEANUP(err_release) struct err read = { 0 };
	CLEANUP(err_release) struct err other = { 0 };
	CLEANUP(err_release) struct err recorded = { 0 };
	CLEANUP(err_release) struct err matches = { 0 };
	CLEANUP(sandbox_record_release) struct sandbox_record record = { 0 };
	cleanup_free char *different = NULL;
	CLEANUP(text_release) struct text text = { 0 };
	bool exists;

	/* After a failure the sandbox refuses all requests; each of them gets its chance. */
	(void)sandbox_run(sb, command, ARRAY_SIZE(command), &run);
	sb->lost = false;
	(void)sandbox_exists(sb, "/etc/passwd", &exists, &other);
	sb->lost = false;
	(void)sandbox_read(sb, "/etc/passwd", 4096, &text, &read);
	sb->lost = false;
	(void)sandbox_recorded(sb, sb->sock, &record, &recorded);
	sb->lost = false;
	(void)sandbox_matches(sb, "", 0, &different, &matches);
}

/* The bytes, with a descriptor beside the first of them, as a reply that has one. */
static void answer(int sock, const uint8_t *data, size_t size)
{
	cleanup_fd int file = fuzz_fd(data, size);
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec part = { (void *)(uintptr_t)data, size };
	struct msghdr m = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &file, sizeof(file));
	(void)sendmsg(sock, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sandbox *sb = xcalloc(1, sizeof(*sb));
	cleanup_fd int theirs = -1;
	int pair[2];

	assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	theirs = pair[1];
	*sb = (struct sandbox){ .sock = pair[0], .log = -1, .child = CHILD_INIT };
	answer(theirs, data, size);
	/* Requests are still taken, nothing answers them any more. */
	assert(shutdown(theirs, SHUT_WR) == 0);
	ask(sb);
	sandbox_free(sb);
	return 0;
}
