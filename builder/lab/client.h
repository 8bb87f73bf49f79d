/* SPDX-License-Identifier: MIT */
/*
 * The lab's client: the broken machine that boots from the network. client_start() switches it on;
 * client_step(), called over and over, drives it through the phases of a network boot as a person
 * would (presses keys in the menu, types on the screen's keyboard once it is up) and looks at
 * whatever there is to see: packets, screen, serial line. It never waits for time to pass, only for
 * signs, each phase at most .patience seconds.
 *
 * Several clients are stepped in turn; none waits for another.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "lab/firmware.h"
#include "lab/lab-image.h"
#include "lab/machine.h"
#include "lab/capture/capture.h"

struct client_options {
	const char *directory;
	enum accel accel;
	enum client_kind firmware;
	const char *nic;	      /* NULL: virtio */
	unsigned memory;	      /* MB; 0: 1024 */
	const char *netdev;	      /* QEMU's -netdev, with id=n */
	int cable;		      /* a tap, which netdev calls MACHINE_CABLE; 0: none */
	bool simple;		      /* QEMU itself is the server, except for NFS */
	const struct strv *disks;     /* files of raw disks, written to */
	const struct strv *arguments; /* more for QEMU, as they are */
	enum machine_terminal terminal;
	bool may_end;	     /* a person may end it */
	const char *display; /* QEMU's -display */
	const struct image *image;
	const struct entry *entry;
	const char *expect;	 /* text to wait for, or NULL */
	const char *until;	 /* the phase to end with, or NULL: the last */
	const char *screenshots; /* FILE.png: of the prompt; FILE-menu.png; NULL: none */
	const char *script;	 /* bash(1), run as root after the checks, or NULL */
	bool reboot;		 /* end by a reboot, not by switching off */
	unsigned patience;	 /* seconds that a phase may take */
	struct store *store;	 /* for firmware */
	const struct image *server;
};

struct client {
	const struct client_options *options;
	struct machine machine;
	struct capture *capture;
	unsigned number;
	char mac[18];
	double began;	    /* lab_now() at power-on */
	double phase_began; /* the same */
	size_t phase;
	bool is_done;  /* .until is over */
	unsigned step; /* within the phase */
	double step_began;
	double typed; /* when the shell on tty1 was last asked to answer */
	size_t check; /* of the health checks */

	/* What the packets say. */
	bool asked_address, has_address, has_file_name, loader_sent, menu_sent, kernel_asked,
		kernel_sent, initrd_sent;
	bool initramfs_asked_address, mounted, reads_root;
	unsigned refused;		 /* times that portmapper or mountd said no */
	enum capture_rpc_status refusal; /* the last of them ... */
	uint32_t refusal_code;		 /* ... and mountd's status */
	unsigned closed;     /* times in a row that nothing listened where NFS should be */
	struct text trouble; /* the last packet that did not bode well, in words */

	struct text screen; /* as last read, BIOS only */
	double screen_read;
	size_t console_from; /* what the serial line has said before does not count */
	/* Lines that the script wrote. */
	void (*on_output)(const struct client *c, const char *line, void *data);
	void (*on_phase)(const struct client *c, const char *phase, double seconds, void *data);
	void *data;
};

int client_start(struct client *c, unsigned number, const struct client_options *o,
		 struct err *err);
/* *ret_done once the last phase is over. ERR_BOOT names the phase, what was seen last and where the
 * logs are. */
int client_step(struct client *c, bool *ret_done, struct err *err);
/* Whether any client has a phase of this name; ERR_USAGE, with all of them, if not. */
int client_check_phase(const char *name, struct err *err);
/* The phase it is in. */
const char *client_phase(const struct client *c);
void client_release(struct client *c);
