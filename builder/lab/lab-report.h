/* SPDX-License-Identifier: MIT */
/*
 * What `netrescue boot --check` prints on stdout, for people or, as one JSON value a line, for
 * programs. What a machine has said is escaped: it may hold anything.
 */
#pragma once

#include "lab/client.h"

/* A phase is over, which took so many seconds. */
void lab_print_phase(const struct client *c, const char *phase, double seconds, bool json);
/* A line that the client's script wrote. */
void lab_print_output(const struct client *c, const char *line, bool json);
/* Paths, one a line, of what clients have changed in the server's tree. */
void lab_print_changes(const char *paths, bool json);
/* What all clients sent and received. With `shared` a hub sends every packet to all that are on, so
 * the capture of the one that was on longest has all; without it each client has its own. */
void lab_print_totals(const struct client *client, unsigned count, bool shared, bool json);
