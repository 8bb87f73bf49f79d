/* SPDX-License-Identifier: MIT */
/*
 * `netrescue boot`: a file server and its clients as virtual machines, without root, and without a
 * packet that leaves them.
 *
 *	struct lab_options o = { .image = &image, ... };
 *	r = lab_examine(&o, err);     before the work of making a store and a server
 *	o.store = s, o.server = &server, o.directory = directory;
 *	r = lab_check(&o, err);       takes the clients through all phases and reports
 *	r = lab_interactive(&o, err); or: a window or the terminal, for a person
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/store.h"
#include "base/text.h"
#include "lab/firmware.h"
#include "lab/image.h"

/* What the clients are connected to. */
enum lab_network {
	LAB_SERVER, /* the lab's own file server */
	LAB_SIMPLE, /* DHCP and TFTP of QEMU itself, and NFS of the host, if it has that */
	LAB_BRIDGE, /* a bridge of the host, and the real servers behind it */
};

struct lab_options {
	struct store *store;
	const struct image *image, *server;
	const char *directory; /* for sockets and logs; it exists */
	const char *sandbox;   /* the kind in which disks are made; NULL: auto */
	enum lab_network network;
	const char *bridge; /* LAB_BRIDGE: its name */
	enum client_firmware firmware;
	const char *entry; /* label; NULL: the first rescue entry */
	unsigned clients;  /* 0: 1 */
	const char *nic;
	unsigned memory; /* MB */
	const char *display;
	const char *screenshot;
	const char *expect;
	const char *until;  /* the phase to end with; NULL: the last */
	const char *mirror; /* directory that the server offers over HTTP */
	const struct strv *disks, *arguments;
	unsigned timeout; /* of a phase, seconds; 0: one that fits the accelerator */
	/* Scripts for bash(1). The first is run in each client after its checks, the second on the
	 * server when the first client begins its own, with output to the server's console. NULL:
	 * none. */
	const char *script, *server_script;
	bool reboot;
	bool systemd_server;
	bool json;
};

/* ERR_USAGE if the image does not have what is asked for, ERR_BUILD if QEMU is not installed. Store
 * and server and directory are not needed yet. */
int lab_examine(const struct lab_options *o, struct err *err);
/* Prints each phase to stdout when it is over, and at the end how many bytes were sent. ERR_BOOT as
 * client_step(). */
int lab_check(const struct lab_options *o, struct err *err);
/* One client, until it is switched off or its window is closed. */
int lab_interactive(const struct lab_options *o, struct err *err);
