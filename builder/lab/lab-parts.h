/* SPDX-License-Identifier: MIT */
/* The lab under way, shared by lab.c and lab-network.c. */
#pragma once

#include "lab/client.h"
#include "lab/lab.h"
#include "lab/lab-server.h"

/* What the server may take: --timeout is about phases of a client. */
#define SERVER_PATIENCE_S 300

struct lab {
	const struct lab_options *options;
	const struct entry *entry;
	enum accel accel;
	unsigned patience;
	struct machine server;
	bool server_script_began;
	/* One for each client; its netdev is owned. */
	struct client_options *client;
	unsigned client_count;
	struct strv netdevs;
};

int lab_open(struct lab *l, const struct lab_options *o, struct err *err);
int lab_start_server(struct lab *l, struct err *err);
/* Fills l->client: what each is plugged into. */
int lab_plug_in(struct lab *l, unsigned count, struct err *err);
/* lab-tree.c: when the clients are gone, what they changed in the tree on the server. Of those that
 * have an overlay ERR_BOOT if there is anything; of others it is printed. */
int lab_check_tree(struct lab *l, struct err *err);
void lab_release(struct lab *l);
