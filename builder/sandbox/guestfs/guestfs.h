/* SPDX-License-Identifier: MIT */
/*
 * Inside of the helper program sandbox-guestfs: the same sandbox in a virtual machine of its own.
 *
 *	relay	started by the main program. Checks what is needed, starts the driver, and then
 *		passes requests on to the appliance through a serial port (frame.h), where
 *		sandbox-namespace answers them as it does on a host. Links no more than it must,
 *		waits for all ends at once, and ends the driver with all it started when the main
 *		program hangs up.
 *	driver	the same program once more (`sandbox-guestfs appliance …`), leader of a process
 *		group with supermin and QEMU in it. Holds the libguestfs handle: launches the
 *		appliance, makes a file system on the scratch disk, streams the runtime in, starts
 *		sandbox-namespace there, and waits for its end.
 *
 * All that either of them makes on the disk lies in one directory of the store's tree/, which is
 * locked while they live (locked-dir.h) and removed when they end, or else by the next run.
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

/* A kernel that the appliance can use (supermin(1) picks for itself, by the same rules), for
 * kvm_probe(). Caller frees. ERR_BUILD in words if there is none. */
int appliance_find_kernel(char **ret, struct err *err);
/* The emulator that libguestfs uses. Caller frees; error if there is none. */
int appliance_find_emulator(char **ret, struct err *err);

/* ---- guestfs-runtime.c ---------------------------------------------------------------------- */

/* A tar with what runs in the appliance: /runtime/ with sandbox-namespace and the libraries it
 * loads, /trees, and the directories a chroot needs. A file without a name on the disk of
 * `directory`, at its beginning. */
int runtime_make(int directory, int *ret_fd, struct err *err);

/* ---- guestfs-appliance.c: the driver -------------------------------------------------------- */

struct appliance {
	const char *directory; /* absolute; ours */
	const char *port_path; /* of the socket that QEMU shall connect the serial port to */
	uint64_t disk;	       /* size of the scratch disk, sparse */
	unsigned memory;       /* MiB */
	unsigned processors;
	bool kvm;
};

/* Starts the driver; runtime is runtime_make()'s. *ret_report is the caller's: from there come
 * MESSAGE_OUTPUT for each step (a line), MESSAGE_OK with the last, MESSAGE_ERROR at the end. */
int driver_start(struct child *c, const struct appliance *a, int runtime, int *ret_report,
		 struct err *err);
/* What the driver does: main()'s arguments after "appliance". Returns the exit status. */
int driver_main(int argc, char **argv);

/* libguestfs removes its files when the appliance has ended, which takes no longer. */
#define DRIVER_END_MILLISECONDS 5000

/* ---- guestfs-relay.c ------------------------------------------------------------------------ */

struct relay {
	int sock;	      /* to the main program */
	int report;	      /* from the driver */
	int port;	      /* to the appliance: a connected socket */
	int directory;	      /* for temporary files */
	uint32_t request;     /* number of the last */
	const char *describe; /* replaces the first value of the reply to MESSAGE_OPEN, or NULL */
	struct err *failure;  /* of our own while a request is under way */
};

/* Waits until fd can be read (write: written): 0; -ECANCELED without an error if the main program
 * has hung up; an error if the driver ended, in its own words. */
int relay_wait(struct relay *relay, int fd, bool write, struct err *err);
/* Sends one request on and its answers back. Its descriptors stay the caller's. */
int relay_request(struct relay *relay, const struct message *request, struct err *err);

/* ---- guestfs-launch.c ----------------------------------------------------------------------- */

/* Follows the driver's steps until the sandbox in the appliance is started, and lets the main
 * program show them. An error in the driver's words if it fails, and after ten minutes without a
 * step, or the seconds of NETRESCUE_APPLIANCE_SECONDS. */
int launch_follow(struct relay *relay, const struct child *driver, struct err *err);
