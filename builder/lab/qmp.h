/* SPDX-License-Identifier: MIT */
/*
 * A client of QMP, the JSON protocol by which a running QEMU is asked and told things (QEMU's
 * docs/interop/qmp-spec). The line is a socket pair that exists before QEMU does: no path, no
 * waiting for it to appear, and the end of the line is the end of QEMU.
 *
 *	CLEANUP(qmp_cleanup) struct qmp *q = NULL;
 *	cleanup_fd int theirs = -1;
 *	r = qmp_new(&q, &theirs, err);
 *	...child_start() with { 3, theirs } among its descriptors and the arguments
 *	   -chardev socket,id=qmp,fd=3 -mon chardev=qmp,mode=control
 *	close(take_fd(&theirs));           ours only: else QEMU's death goes unnoticed
 *	r = qmp_begin(q, 30000, err);      the greeting; from here on commands
 *	r = qmp_execute(q, "query-status", NULL, &status, err);
 *	...
 *	poll qmp_fd() beside other descriptors, then
 *	r = qmp_read(q, err);
 *	if (qmp_event(q, "SHUTDOWN")) ...
 *
 * QEMU reports on its own what happens to the machine (events). They may arrive at any moment and
 * are kept, the newest of each name. All waiting ends at once on SIGINT or SIGTERM
 * (ERR_INTERRUPTED). Errors of this module are ERR_BOOT; QEMU's refusals come in its own words.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* What QEMU may say in one line. Its longest answers (query-qmp-schema) have 200 kB. */
#define QMP_LINE_MAX ((size_t)4 * 1024 * 1024)
/* How long QEMU may take over one command. It answers in milliseconds unless the host is stuck. */
#define QMP_TIMEOUT_MS 60000

struct qmp;

/* Makes the line. *ret_theirs, the caller's to close, is the end that QEMU gets. */
int qmp_new(struct qmp **ret, int *ret_theirs, struct err *err);
/* Waits for QEMU's greeting and ends the negotiation that it opens. */
int qmp_begin(struct qmp *q, int timeout_ms, struct err *err);
/* Hangs up. QEMU goes on; ending it is its parent's business (child.h). */
void qmp_free(struct qmp *q);
DEFINE_CLEANUP_PTR(qmp)

/* One command and its answer. `arguments` (a JSON object, or NULL) is taken, also on failure.
 * *ret (may be NULL) gets what is under "return", the caller's to json_decref(). */
int qmp_execute(struct qmp *q, const char *command, json_t *arguments, json_t **ret,
		struct err *err);

/* Poll it for POLLIN beside others. -1 once QEMU has ended. */
int qmp_fd(const struct qmp *q);
/* Takes in what has arrived, without waiting. That QEMU has ended is not an error here. */
int qmp_read(struct qmp *q, struct err *err);
/* Whether the line's end has been read. */
bool qmp_has_ended(const struct qmp *q);
/* The "data" of the newest event of that name (an object, empty if QEMU gave none), or NULL if none
 * came. Lives until the next call that takes q. SHUTDOWN's "reason" is guest-shutdown,
 * guest-reset (with -no-reboot), guest-panic, host-qmp-quit, …; RESET has the same. */
const json_t *qmp_event(const struct qmp *q, const char *name);
/* As if that event had not come: what follows is news. */
void qmp_forget(struct qmp *q, const char *name);
/* Lets time pass and takes in events meanwhile. Ends early, without error, if QEMU does. */
int qmp_pause(struct qmp *q, int ms, struct err *err);

/* Ends QEMU and waits until it is gone. Fine if it was already. */
int qmp_quit(struct qmp *q, struct err *err);
/* Writes what the display `device` (its id=; NULL: the first) shows, as PNG. QEMU itself opens the
 * file. Needs QEMU 7.1 with libpng, as Debian has it since bookworm. */
int qmp_screenshot(struct qmp *q, const char *device, const char *path, struct err *err);
/* `size` bytes of the guest's physical memory, as its processor would read them: device memory is
 * among it. */
int qmp_memory(struct qmp *q, uint64_t address, size_t size, void *ret, struct err *err);

/* I/O ports. Reading can have side effects in the machine, as it has for the machine's own
 * processor. index >= 0 is written to `port` first and the byte is read from the port after it, in
 * one step, as VGA's registers want it. */
int qmp_port_read(struct qmp *q, uint16_t port, int index, uint8_t *ret, struct err *err);
int qmp_port_write(struct qmp *q, uint16_t port, uint8_t value, struct err *err);
