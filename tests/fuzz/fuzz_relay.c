/* SPDX-License-Identifier: MIT */
/* Frames from an appliance that whoever runs in it may have taken over (frame.h). */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "fuzz.h"
#include "sandbox/guestfs/guestfs.h"

static void make_pair(int ret[2])
{
	assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ret) == 0);
	assert(fcntl(ret[1], F_SETFL, O_NONBLOCK) == 0);
}

static void close_pair(const int fd[2])
{
	assert(close(fd[0]) == 0 && close(fd[1]) == 0);
}

static void request(struct relay *relay, enum message_type type)
{
	CLEANUP(message_release) struct message m = { .type = type };
	CLEANUP(err_release) struct err err = { 0 };
	cleanup_fd int file = fuzz_fd(NULL, 0);

	if (type == MESSAGE_ARCHIVE)
		message_put_fd(&m, file);
	(void)relay_request(relay, &m, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum message_type types[] = { MESSAGE_RUN, MESSAGE_READ, MESSAGE_ARCHIVE,
						   MESSAGE_OPEN };
	cleanup_fd int directory = fuzz_empty("relay");
	int port[2], sock[2], report[2];

	if (size == 0)
		return 0;
	make_pair(port);
	make_pair(sock);
	make_pair(report);
	struct relay relay = {
		.sock = sock[0],
		.report = report[0],
		.port = port[0],
		.directory = directory,
		.describe = data[0] & 0x80 ? "guestfs" : NULL,
	};
	(void)write_all(port[1], data + 1, size - 1);
	assert(shutdown(port[1], SHUT_WR) == 0 && shutdown(report[1], SHUT_WR) == 0);
	request(&relay, types[data[0] % ARRAY_SIZE(types)]);
	close_pair(port);
	close_pair(sock);
	close_pair(report);
	return 0;
}
