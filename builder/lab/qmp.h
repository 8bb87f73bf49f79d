/* SPDX-License-Identifier: MIT */
/*
 * A client of QMP, the JSON protocol in which a running QEMU takes commands and reports events
 * (QEMU's docs/interop/qmp-spec). The connection is a pair of sockets that exists before QEMU does.
 * So there is no path to it, nobody waits for it to appear, and when it ends QEMU has ended.
 *
 *	CLEANUP(qmp_cleanup) struct qmp *q = NULL;
 *	cleanup_fd int theirs = -1;
 *	r = qmp_new(&q, &theirs, err);
 *	...child_start() with { 3, theirs } among its descriptors and the arguments
 *	   -chardev socket,id=qmp,fd=3 -mon chardev=qmp,mode=control
 *	close(take_fd(&theirs));           or the end of QEMU would not be noticed
 *	r = qmp_begin(q, 30000, err);      QEMU's greeting; from here on commands
 *	r = qmp_execute(q, "query-status", NULL, &status, err);
 *	...
 *	r = qmp_pause(q, 100, err);        or qmp_read(), which does not wait
 *	if (qmp_event(q, "SHUTDOWN")) ...
 *
 * QEMU reports by itself what happens to the machine. Such events may arrive at any moment; the
 * newest of each name is kept. All waiting ends at once on SIGINT or SIGTERM (ERR_INTERRUPTED).
 * Other errors are ERR_BOOT; if QEMU refuses a command they have its own words.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* The longest line that is accepted. QEMU's longest answers (query-qmp-schema) have 200 kB. */
#define QMP_LINE_MAX ((size_t)4 * 1024 * 1024)
/* How long QEMU may take over a command. It answers in milliseconds unless the host is stuck. */
#define QMP_TIMEOUT_MS 60000

struct qmp;

/* Makes the connection. *ret_theirs is the end for QEMU; the caller closes it. */
int qmp_new(struct qmp **ret, int *ret_theirs, struct err *err);
/* Waits for QEMU's greeting and answers it, as the protocol asks. */
int qmp_begin(struct qmp *q, int timeout_ms, struct err *err);
/* Closes the connection. QEMU goes on; who started it ends it (base/child.h). */
void qmp_free(struct qmp *q);
DEFINE_CLEANUP_PTR(qmp)

/* Sends a command and waits for its answer. `arguments` (a JSON object, or NULL) is taken, also on
 * failure. *ret (ret may be NULL) is what the answer has under "return"; the caller releases it. */
int qmp_execute(struct qmp *q, const char *command, json_t *arguments, json_t **ret,
		struct err *err);

/* Reads what has arrived, without waiting. It is no error if QEMU has ended. */
int qmp_read(struct qmp *q, struct err *err);
/* Whether QEMU has closed the connection, which it does when it ends. */
bool qmp_has_ended(const struct qmp *q);
/* The "data" of the newest event of that name (an empty object if the event has none), or NULL if
 * there was no such event. Valid until the next call that takes q. SHUTDOWN's "reason" is
 * guest-shutdown, guest-reset (with -no-reboot), guest-panic, host-qmp-quit, … */
const json_t *qmp_event(const struct qmp *q, const char *name);
/* Waits so long and reads events meanwhile. Returns early, without an error, if QEMU ends. */
int qmp_pause(struct qmp *q, int ms, struct err *err);

/* Lets QEMU write what the screen shows into the file `path`, as PNG. Needs QEMU 7.1 with libpng,
 * which Debian has since bookworm. */
int qmp_screenshot(struct qmp *q, const char *path, struct err *err);
/* Reads `size` bytes of the guest's physical memory, in which devices have theirs, too. */
int qmp_memory(struct qmp *q, uint64_t address, size_t size, void *ret, struct err *err);

/* I/O ports. Reading one can change the device, as it can when the machine's own processor reads
 * it. If index >= 0 it is written to `port`, and the byte is read from the port behind that, in one
 * step: VGA's registers are read so. */
int qmp_port_read(struct qmp *q, uint16_t port, int index, uint8_t *ret, struct err *err);
int qmp_port_write(struct qmp *q, uint16_t port, uint8_t value, struct err *err);
