/* SPDX-License-Identifier: MIT */
/*
 * SIGINT and SIGTERM as something to read. main() first calls interrupt_init(), which blocks both
 * and opens a signalfd(2). Every loop that may wait for long polls interrupt_fd() beside its own
 * descriptors, or calls interrupt_check() between pieces of work. It then returns with
 * ERR_INTERRUPTED, all cleanups run, and main() exits with 128 + the signal's number. There are no
 * signal handlers. Children get the signals unblocked (child.h). SIGPIPE is ignored from
 * interrupt_init() on: writing to a reader that went away is an error with a message (EPIPE).
 */
#pragma once

#include "base/err.h"

void interrupt_init(void);
/* The signalfd, or -1 before interrupt_init(). Poll it for POLLIN; do not read it. */
int interrupt_fd(void);
/* 0, or an ERR_INTERRUPTED error if a signal is pending or was seen before. */
int interrupt_check(struct err *err);
/* The signal that was seen, or 0. */
int interrupt_signal(void);
