/* SPDX-License-Identifier: MIT */
/*
 * One virtual machine: QEMU as a child, its QMP line, what it writes to its first serial port
 * (DIR/NAME.console), a shell on the second (DIR/NAME.shell), QEMU's own words (DIR/NAME.qemu).
 * When the struct is released QEMU ends, and the terminal is as before; when our process ends,
 * however it does, QEMU does, too.
 */
#pragma once

#include <termios.h>

#include "base/child.h"
#include "base/err.h"
#include "base/text.h"
#include "lab/console.h"
#include "lab/qmp.h"
#include "lab/shell.h"

/* The processor: the host's own, or QEMU's translation of it. */
enum accel { ACCEL_TCG, ACCEL_KVM };

/* What of our terminal the machine gets. */
enum machine_terminal {
	TERMINAL_NOTHING,
	TERMINAL_SERIAL, /* its first serial port; Ctrl-A X ends it, Ctrl-A H tells more */
	TERMINAL_SCREEN, /* QEMU draws its screen there: -display curses */
};

struct machine {
	char *name;			/* owned: "server", "client1": also of its files */
	char *directory;		/* owned */
	enum machine_terminal terminal; /* to be set before machine_start() */
	bool may_end;			/* so, too: that QEMU ends with status 0 is no failure */
	int cable; /* so, too: QEMU gets it as MACHINE_CABLE; 0: none; borrowed */
	bool has_before;
	struct termios before; /* our terminal, as it was */
	struct child child;
	struct qmp *qmp;
	struct console console;
	struct shell shell;
};
#define MACHINE_QEMU "qemu-system-x86_64"
#define MACHINE_CABLE 4
#define MACHINE_INIT                                                                               \
	{                                                                                          \
		.child = CHILD_INIT, .console = { .fd = -1 }, .shell = SHELL_INIT                  \
	}

/* Whether there is a QEMU, for whoever has long work to do before it starts one. ERR_BUILD. */
int machine_available(struct err *err);
/* Arguments every machine has: accelerator, processor, serial ports, no defaults. `arguments` is
 * what makes this one: board, memory, disks, cards, display. ERR_BOOT with QEMU's words. */
int machine_start(struct machine *m, const char *directory, const char *name, enum accel accel,
		  const struct strv *arguments, struct err *err);
/* Takes in what is new of console and QMP. ERR_BOOT once QEMU has ended by itself, except after
 * SHUTDOWN. */
int machine_poll(struct machine *m, bool *ret_new, struct err *err);
/* Runs a script in the machine's shell and waits for it, at most so many seconds. */
int machine_run(struct machine *m, const char *script, unsigned seconds, struct text *ret_output,
		int *ret_status, struct err *err);
/* The file a machine leaves, by suffix ("console"); caller frees. */
char *machine_file(const struct machine *m, const char *suffix);
void machine_release(struct machine *m);

/* Seconds on a clock that only goes forward. */
double lab_now(void);
/* A comma in a file name is written twice in QEMU's options; caller frees. */
char *qemu_path(const char *path);
