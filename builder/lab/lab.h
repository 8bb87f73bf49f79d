/* SPDX-License-Identifier: MIT */
/*
 * `netrescue boot`: a file server and its clients as virtual machines, without root, and without a
 * packet that leaves them.
 *
 *	struct lab_options o = { .image = &image, .server = &server, .store = s, ... };
 *	r = lab_examine(&o, err);     before any work, such as making the server
 *	r = lab_check(&o, err);       drives the clients, reports
 *	r = lab_interactive(&o, err); a window or the terminal, for a person
 */
#pragma once

#include <stdbool.h>

#include "base/store.h"
#include "base/err.h"
#include "base/text.h"
#include "lab/firmware.h"
#include "lab/lab-image.h"

/* Where the client's packets go. */
enum lab_network {
	LAB_SERVER, /* to a file server of our own */
	LAB_SIMPLE, /* to QEMU's built-in DHCP and TFTP; NFS on the host's loopback, if any */
	LAB_BRIDGE, /* to a bridge of the host: real servers */
};

struct lab_options {
	struct store *store;
	const struct image *image, *server;
	const char *directory; /* for sockets and logs; exists */
	const char *sandbox;
	enum lab_network network;
	const char *bridge;
	enum client_kind firmware;
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
	unsigned timeout; /* seconds; 0: what fits the accelerator */
	/* Scripts for bash(1): in each client after its checks; on the server when the first client
	 * gets there, with its output on the server's console. NULL: none. */
	const char *script, *server_script;
	bool reboot;
	bool systemd_server;
	bool json;
};

/* Whether the image has what is asked for, and QEMU is here. Store, server and directory need not
 * be there yet. */
int lab_examine(const struct lab_options *o, struct err *err);
/* Prints each phase to stdout when it is over, and what crossed the wire. ERR_BOOT as
 * client_step(). */
int lab_check(const struct lab_options *o, struct err *err);
/* One client, until it is switched off or its window closed. */
int lab_interactive(const struct lab_options *o, struct err *err);
