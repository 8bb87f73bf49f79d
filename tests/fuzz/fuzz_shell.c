/* SPDX-License-Identifier: MIT */
/* What a machine's second serial port says while a script runs there. */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "fuzz.h"
#include "lab/shell.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(shell_release) struct shell shell = SHELL_INIT;
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text output = { 0 };
	cleanup_fd int theirs = -1;
	int pair[2], status = 0;
	bool ended = false;

	assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
	theirs = pair[1];
	shell = (struct shell){ .fd = pair[0] };
	text_add(&shell.received, "");
	assert(shell_begin(&shell, "true", &err) == 0);
	(void)write_all(theirs, data, size);
	if (shell_poll(&shell, &ended, &output, &status, &err) == 0 && ended)
		assert(!shell.busy && output.length <= size);
	return 0;
}
