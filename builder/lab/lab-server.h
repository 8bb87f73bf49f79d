/* SPDX-License-Identifier: MIT */
/*
 * The lab's file server: a virtual machine with the image of recipes/fileserver.yaml. Its dhcpd,
 * tftpd and nfsd are Debian's own, and have no other configuration than the server/ directory of
 * the image that they serve. The server is connected to each client by a hub in its QEMU, whose
 * ports are unix sockets in the lab's directory (`DIR/wire1`, …): no packet leaves these sockets,
 * and no port of the host is open.
 *
 * overlays/fileserver is the server's side of this: what configures it when it starts, and prints
 * when it is ready.
 */
#pragma once

#include <stdbool.h>

#include "lab/disk.h"
#include "lab/image.h"
#include "lab/machine.h"

/* A file on the server, which is made before any client starts. */
#define LAB_SERVER_STARTED "/run/netrescue-lab.started"

struct lab_server_options {
	const char *directory;	    /* for sockets and logs */
	const struct image *server; /* of recipes/fileserver.yaml */
	const struct image *image;  /* what it serves */
	const char *root_disk, *tree_disk, *data_disk;
	enum accel accel;
	unsigned clients;
	bool systemd; /* systemd starts the daemons by their units, not the short init */
};

/* Starts the machine and does not wait for its daemons. */
int lab_server_start(struct machine *m, const struct lab_server_options *o, struct err *err);
/* Waits until all three daemons answer. ERR_BOOT has the words of the one that does not. */
int lab_server_wait(struct machine *m, unsigned seconds, struct err *err);
/* The socket of client `number` (from 1); caller frees. */
char *lab_server_socket(const char *directory, unsigned number);
