/* SPDX-License-Identifier: MIT */
/*
 * The lab's client: the machine that boots from the network. client_start() switches it on;
 * client_step(), called over and over, takes it through the phases of a network boot. It does what
 * a person would do (presses keys in the menu, and types on the keyboard once the system is up) and
 * looks at what a person would see, and more: screen, serial line, packets. It never waits for a
 * fixed time, only until something has happened; a phase in which nothing happens for .patience
 * seconds has failed.
 *
 * Several clients are stepped in turn; none waits for another.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "lab/firmware.h"
#include "lab/image.h"
#include "lab/machine.h"
#include "lab/capture/capture.h"

struct client_options {
	const char *directory;
	enum accel accel;
	enum client_firmware firmware;
	const char *nic;	      /* NULL: virtio */
	unsigned memory;	      /* MB; 0: 1024 */
	const char *netdev;	      /* QEMU's -netdev, with id=n */
	int tap;		      /* which netdev calls MACHINE_TAP_FD; 0: none */
	bool simple;		      /* QEMU itself is the server, except for NFS */
	const struct strv *disks;     /* files of raw disks, written to */
	const struct strv *arguments; /* added to QEMU's own as they are */
	enum machine_terminal terminal;
	bool may_end;	     /* a person may end QEMU */
	const char *display; /* QEMU's -display; NULL: none */
	const struct image *image;
	const struct image_entry *entry;
	const char *expect;	 /* text to wait for, or NULL */
	const char *until;	 /* the phase to end with; NULL: the last */
	const char *screenshots; /* FILE.png: of the prompt; FILE-menu.png; NULL: none */
	const char *script;	 /* for bash(1), run as root after the checks; NULL: none */
	bool reboot;		 /* end by a reboot, not by switching off */
	unsigned patience;	 /* how long a phase may go without progress, seconds */
	struct store *store;	 /* has the packages of the firmware */
	const struct image *server;
};

struct client {
	const struct client_options *options;
	struct machine machine;
	struct capture *capture;
	bool capture_ended; /* at its limit */
	unsigned number;    /* from 1 */
	uint8_t mac[6];
	/* Times as of lab_now(). */
	double began;	    /* when it was switched on */
	double phase_began; /* when the phase did */
	double step_began;  /* when there was progress within the phase */
	double typed;	    /* when something was last typed on tty1 */
	size_t phase;	    /* in client.c's table */
	unsigned step;	    /* within the phase */
	size_t check;	    /* of the health checks */

	/* What the packets say. */
	bool asked_address, has_address, has_file_name, loader_sent, menu_sent, kernel_asked,
		kernel_sent, initrd_sent;
	bool initramfs_asked_address, mounted, reads_root;
	unsigned refused;		 /* how often portmapper or mountd refused */
	enum capture_rpc_status refusal; /* the last time */
	uint32_t refusal_code;		 /* mountd's status then */
	unsigned closed; /* how often, without a break, nothing listened at a port of NFS */
	struct text last_problem; /* the last packet that told of a problem, in words */

	struct text screen; /* as last read, BIOS only */
	double screen_read;
	size_t console_from; /* what the serial line said before this offset does not count */

	/* To be set by the caller after client_start(), or NULL. */
	void (*on_output)(const struct client *c, const char *line, void *data); /* of .script */
	void (*on_phase)(const struct client *c, const char *phase, double seconds, void *data);
	void *data;
};

int client_start(struct client *c, unsigned number, const struct client_options *o,
		 struct err *err);
/* *ret_done: the last phase is over. ERR_BOOT names the phase, what was seen last and where the
 * logs are. */
int client_step(struct client *c, bool *ret_done, struct err *err);
/* Ends the capture once its file has reached a limit, with a warning; client_step() does that by
 * itself. */
int client_limit_capture(struct client *c, struct err *err);
/* ERR_USAGE, with the names of all phases, if none is called so. */
int client_check_phase(const char *name, struct err *err);
/* Whether a boot that ends with the phase of this name has not asked for its root yet. */
bool client_ends_before_root(const char *name);
/* The name of the phase it is in; "done" after the last. */
const char *client_phase_name(const struct client *c);
void client_release(struct client *c);
