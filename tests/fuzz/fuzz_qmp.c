/* SPDX-License-Identifier: MIT */
/* A QEMU that says whatever it likes: events, answers, the bytes of a screen. */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "fuzz.h"
#include "lab/qmp.h"
#include "lab/screen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(qmp_cleanup) struct qmp *q = NULL;
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text screen = { 0 };
	cleanup_fd int theirs = -1;

	assert(qmp_new(&q, &theirs, &err) == 0);
	assert(fcntl(theirs, F_SETFL, O_NONBLOCK) == 0);
	(void)write_all(theirs, data, size);
	assert(shutdown(theirs, SHUT_WR) == 0);
	if (qmp_begin(q, 1000, &err) == 0 && screen_text(q, &screen, &err) == 0)
		assert(screen.data);
	(void)qmp_event(q, "SHUTDOWN");
	return 0;
}
