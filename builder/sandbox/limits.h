/* SPDX-License-Identifier: MIT */
/*
 * What the scripts in a sandbox may take of the machine. The main program says what the user has
 * asked for; sandbox-namespace derives the rest from the machine that it runs on, which with
 * sandbox-guestfs is the appliance (namespace/ns-limits.c), and keeps watch (namespace/ns-watch.c).
 * docs/sandbox.md has the table for users.
 */
#pragma once

#include "sandbox/protocol.h"

/* 0: to be derived; a timeout of 0 is none. */
struct sandbox_limits {
	uint64_t memory;    /* bytes, of all processes and of a tree in memory together */
	uint64_t processes; /* threads count, too */
	uint64_t files;	    /* inodes of a tree in memory */
	unsigned silence;   /* seconds without output, after which a person is told */
	unsigned timeout;   /* seconds that one script may run */
};

/* value, but no less than least and no more than most. */
static inline uint64_t between(uint64_t least, uint64_t value, uint64_t most)
{
	return value < least ? least : value > most ? most : value;
}

/* As values of MESSAGE_OPEN. */
void message_put_limits(struct message *m, const struct sandbox_limits *limits);
void message_get_limits(struct message *m, struct sandbox_limits *ret);
