/* SPDX-License-Identifier: MIT */
/* Messages of the sandbox's protocol, from whoever may have taken over the other end: their bytes,
 * their values, and the errors that they carry. */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err-line.h"
#include "base/io.h"
#include "base/line.h"
#include "fuzz.h"
#include "sandbox/protocol.h"

/* Takes values as the bytes of the body's own length and type say. */
static void take_values(struct message *m)
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(strv_release) struct strv list = { 0 };
	cleanup_free char *text = NULL;
	size_t length;

	switch ((unsigned)m->type % 5) {
	case 0:
		(void)message_get_u64(m);
		message_get_list(m, &list);
		break;
	case 1:
		text = message_get_text(m);
		assert(text);
		break;
	case 2:
		(void)message_get_u64(m);
		assert(message_get_bytes(m, &length));
		break;
	case 3:
		assert(message_take_err(m, &err) < 0 && err.class != ERR_NONE);
		return;
	default:
		message_get_list(m, &list);
		message_get_list(m, &list);
	}
	(void)message_end(m, &err);
}

static void receive(const uint8_t *data, size_t size)
{
	cleanup_fd int ours = -1, theirs = -1;
	int pair[2], r = 1;

	assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	ours = pair[0];
	theirs = pair[1];
	assert(fcntl(theirs, F_SETFL, O_NONBLOCK) == 0);
	(void)write_all(theirs, data, size);
	assert(shutdown(theirs, SHUT_WR) == 0);
	while (r > 0) {
		CLEANUP(message_release) struct message m = { 0 };
		CLEANUP(err_release) struct err err = { 0 };

		r = message_receive(ours, -1, &m, &err);
		if (r > 0)
			take_values(&m);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_free char *line = fuzz_string(data, size);
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text plain = { 0 };
	CLEANUP(text_release) struct text escaped = { 0 };

	assert(err_from_line(line, &err) < 0 && err.class != ERR_NONE);
	line_escape(line, &escaped);
	assert(line_unescape(escaped.data, &plain) && streq(plain.data, line));
	receive(data, size);
	return 0;
}
