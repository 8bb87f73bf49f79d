/* SPDX-License-Identifier: MIT */
/* The state of a running lab, which lab.c shares with lab-network.c and lab-tree.c. */
#pragma once

#include "lab/client.h"
#include "lab/lab.h"
#include "lab/lab-server.h"

/* How long the server may take to start or to run a script; --timeout is about clients. */
#define SERVER_TIMEOUT_S 300

struct lab {
	const struct lab_options *options;
	const struct image_entry *entry;
	enum accel accel;
	unsigned patience;
	struct machine server;
	bool server_script_began;
	struct client_options *client; /* owned, one for each client, and the tap of each */
	unsigned client_count;
	struct strv netdevs; /* owned: the netdev of each client */
};

/* lab-network.c: fills l->client, with what each is connected to. */
int lab_connect(struct lab *l, unsigned count, struct err *err);
/* lab-tree.c: looks, when the clients have ended, what they changed in the root file system on the
 * server. If their entry has an overlay any change is an ERR_BOOT, else the changes are printed. */
int lab_check_tree(struct lab *l, struct err *err);
