/* SPDX-License-Identifier: MIT */
/*
 * The inside of the helper program sandbox-guestfs, which offers the same sandbox in a virtual
 * machine of its own, libguestfs's appliance. On the host there are two processes:
 *
 *	relay	is what the main program starts. It checks what this machine has, starts the driver,
 *		and then passes the main program's requests (protocol.h) on to the appliance through
 *		a serial port (frame.h). There sandbox-namespace answers them as it does on a host
 *		(namespace/ns.h). The relay waits for main program, driver and port at the same
 *		time, and ends the driver with all it has started when the main program hangs up.
 *	driver	is the same program once more (`sandbox-guestfs appliance …`), the leader of a
 *		process group that supermin and QEMU belong to. It has the libguestfs handle:
 *		launches the appliance, makes a file system on the scratch disk, copies the runtime
 *		into it, starts sandbox-namespace there, and waits for its end. libguestfs's calls
 *		may block for minutes, so they need a process of their own.
 *
 * All files that these two make are in one directory of the store's tree/, which is locked while
 * they live (locked-dir.h) and removed when they end, or else by the next run.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/child.h"
#include "base/err.h"
#include "sandbox/protocol.h"

#define APPLIANCE_PREFIX "appliance."
#define APPLIANCE_PORT "netrescue" /* the serial port's name */

/* ---- guestfs-kernel.c: what the machine must have ------------------------------------------- */

#define APPLIANCE_EMULATOR "/usr/bin/qemu-system-x86_64" /* unless LIBGUESTFS_HV names one */

/* A kernel that the appliance can use, for kvm_probe(); supermin(1) chooses one by the same rules.
 * Caller frees. If there is none, the error says how to get one. */
int appliance_find_kernel(char **ret, struct err *err);
/* The emulator that libguestfs uses. Caller frees. An error if there is none. */
int appliance_find_emulator(char **ret, struct err *err);

/* ---- guestfs-runtime.c ---------------------------------------------------------------------- */

/* Makes a tar of what runs in the appliance: /runtime/ with sandbox-namespace and the libraries it
 * loads, /trees, and the directories that a chroot needs. *ret_fd is the caller's, an unlinked file
 * in `directory`, positioned at its start. */
int runtime_make(int directory, int *ret_fd, struct err *err);

/* ---- guestfs-appliance.c: the driver -------------------------------------------------------- */

struct appliance {
	const char *directory; /* absolute path of our directory */
	const char *port_path; /* of the socket that QEMU shall connect the serial port to */
	uint64_t disk;	       /* size of the scratch disk, sparse */
	unsigned memory;       /* MiB */
	unsigned processors;
	bool kvm;
};

/* Starts the driver; runtime is what runtime_make() made. *ret_report is the caller's. The driver
 * sends to it a MESSAGE_OUTPUT with a line for each step, MESSAGE_OK with the last one, and
 * MESSAGE_ERROR when it ends. */
int driver_start(struct child *c, const struct appliance *a, int runtime, int *ret_report,
		 struct err *err);
/* What the driver does: main()'s arguments after "appliance". Returns the exit status. */
int driver_main(int argc, char **argv);

/* How long the driver has to end by itself: libguestfs removes its files. */
#define DRIVER_END_MILLISECONDS 5000

/* ---- guestfs-relay.c ------------------------------------------------------------------------ */

struct relay {
	int sock;	      /* to the main program */
	int report;	      /* from the driver */
	int port;	      /* to the appliance: a connected socket */
	int directory;	      /* for temporary files */
	uint32_t request;     /* number of the latest request */
	uint64_t content_max; /* bytes of an archive or a file that comes back: those of the disk */
	const char *describe; /* replaces the first value of the reply to MESSAGE_OPEN, or NULL */
	struct err *failure;  /* what failed here during the request: then this is the answer */
};

/* Waits until fd can be read, or written if `write`: 0. -ECANCELED, with *err not set, if the main
 * program has hung up; the driver's own error if that has ended. */
int relay_wait(struct relay *relay, int fd, bool write, struct err *err);
/* Passes a request on to the appliance, and all its answers back to the main program. What runs in
 * the appliance may have taken it over: every length, number and kind of what comes back is
 * checked, and who sends without an end has lost. The request's descriptors stay the caller's. */
int relay_request(struct relay *relay, const struct message *request, struct err *err);

/* ---- guestfs-launch.c ----------------------------------------------------------------------- */

/* Follows the driver until the sandbox in the appliance is started, and sends its steps to the main
 * program, which shows them. Fails with the driver's error, or if a step takes longer than ten
 * minutes (or NETRESCUE_APPLIANCE_SECONDS). */
int launch_follow(struct relay *relay, const struct child *driver, struct err *err);
