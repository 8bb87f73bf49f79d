/* SPDX-License-Identifier: MIT */
/* Where a rebuild puts its files: in other places than the original build did. Each such difference
 * is a variation. */
#pragma once

#include "verify/rebuild.h"

/* sandbox-guestfs reads it: docs/sandbox.md. */
#define APPLIANCE_QEMU "NETRESCUE_APPLIANCE_QEMU"

/* Makes b->scratch and b->out. Adds the variation "file system". */
int rebuild_place(const struct rebuild_options *o, struct rebuild *b, struct err *err);
/* Whether the tree is to lie on disk: where the original's lay in memory. */
bool rebuild_wants_disk(const struct rebuild_options *o);
/* The variable that sets an appliance's clock 400 days ahead (APPLIANCE_QEMU=…); caller frees. */
char *rebuild_clock(void);
/* To be called after the rebuild: adds the variations "sandbox", "tree", "clock" and "kernel", by
 * what the rebuild says it used, and "order of directories", which is measured. */
int rebuild_sandbox(const struct rebuild_options *o, struct rebuild *b, struct err *err);
/* A store in the scratch directory with a copy of every package. Adds the variation "store". */
int rebuild_store(const struct rebuild_options *o, struct rebuild *b, struct err *err);
