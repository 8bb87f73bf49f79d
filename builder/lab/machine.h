/* SPDX-License-Identifier: MIT */
/*
 * A virtual machine: QEMU as a child process, a connection to its QMP, what the machine writes to
 * its first serial port (DIR/NAME.console), a shell on the second one (DIR/NAME.shell), and what
 * QEMU itself prints (DIR/NAME.qemu). machine_release() ends QEMU and puts the terminal back as it
 * was. When our process ends, in whatever way, QEMU ends, too.
 */
#pragma once

#include <termios.h>

#include "base/child.h"
#include "base/err.h"
#include "base/text.h"
#include "lab/console.h"
#include "lab/qmp.h"
#include "lab/shell.h"

/* What runs the machine's instructions: QEMU by translating them, or the host's processor. */
enum accel { ACCEL_TCG, ACCEL_KVM };

/* What the machine gets of our terminal. */
enum machine_terminal {
	TERMINAL_NOTHING,
	TERMINAL_SERIAL, /* it is the first serial port; Ctrl-A X ends QEMU, Ctrl-A H helps */
	TERMINAL_SCREEN, /* QEMU draws its screen there: -display curses */
};

struct machine {
	/* To be set before machine_start(). */
	enum machine_terminal terminal;
	bool may_end; /* it is no failure if QEMU ends with status 0 */
	int tap;      /* borrowed; becomes QEMU's descriptor MACHINE_TAP_FD; 0: none */

	char *name;	 /* owned: "server", "client1"; its files are called so, too */
	char *directory; /* owned */
	bool has_settings;
	struct termios settings; /* of our terminal, as it was */
	struct child child;
	struct qmp *qmp;
	struct console console;
	struct shell shell;
};
#define MACHINE_QEMU "qemu-system-x86_64"
#define MACHINE_TAP_FD 4
#define MACHINE_INIT                                                                               \
	{                                                                                          \
		.child = CHILD_INIT, .console = { .fd = -1 }, .shell = SHELL_INIT                  \
	}

/* ERR_BUILD if QEMU is not installed. Call it before long work that would be in vain without
 * QEMU. */
int machine_available(struct err *err);
/* Starts QEMU with the arguments that all machines have (accelerator, processor, serial ports, no
 * default devices) and with `arguments`, which make this one: board, memory, disks, cards, display.
 * ERR_BOOT has QEMU's own words. */
int machine_start(struct machine *m, const char *directory, const char *name, enum accel accel,
		  const struct strv *arguments, struct err *err);
/* Reads what is new from console and QMP. ERR_BOOT once QEMU has ended by itself, except after the
 * event SHUTDOWN. */
int machine_poll(struct machine *m, struct err *err);
/* Runs a script in the machine's shell and waits for its end, at most so many seconds. */
int machine_run(struct machine *m, const char *script, unsigned seconds, struct text *ret_output,
		int *ret_status, struct err *err);
void machine_release(struct machine *m);

/* Seconds of a clock that nobody sets (CLOCK_MONOTONIC). */
double lab_now(void);
/* The path as a value within QEMU's options, in which each comma is doubled; caller frees. */
char *qemu_path(const char *path);
