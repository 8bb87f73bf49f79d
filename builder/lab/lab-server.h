/* SPDX-License-Identifier: MIT */
/*
 * The lab's file server: a virtual machine with the image of recipes/fileserver.yaml, whose stock
 * dhcpd, tftpd and nfsd are configured by the image's own server/ directory and nothing else. It
 * has a wire to each client: a hub inside QEMU, each plug of which is a unix socket in the lab's
 * directory (`DIR/wire1`, …), so that no packet leaves it and no port is open.
 *
 * How the server's own start-up talks to us is written in overlays/fileserver.
 */
#pragma once

#include <stdbool.h>

#include "lab/disk.h"
#include "lab/lab-image.h"
#include "lab/machine.h"

/* A file on it, made before the daemons served anything. */
#define SERVER_STARTED "/run/netrescue-lab.started"

struct server_options {
	const char *directory;	    /* the lab's */
	const struct image *server; /* of recipes/fileserver.yaml */
	const struct image *image;  /* what it serves */
	const char *root_disk, *tree_disk, *data_disk;
	enum accel accel;
	unsigned clients;
	bool systemd; /* its units start the daemons, not the small init */
};

/* Starts it; *m is a running machine that is not ready yet. */
int server_start(struct machine *m, const struct server_options *o, struct err *err);
/* Waits until all three daemons answer. ERR_BOOT in the words of the one that does not. */
int server_wait(struct machine *m, unsigned seconds, struct err *err);
/* Where client `number` (from 1) plugs in; caller frees. */
char *server_wire(const char *directory, unsigned number);
