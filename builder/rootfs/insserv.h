/* SPDX-License-Identifier: MIT */
/*
 * The dependency files of sysvinit's boot: /etc/init.d/.depend.boot, .depend.start, .depend.stop.
 *
 * insserv(8) writes them whenever a package or update-rc.d(8) adds or removes an init script, and
 * startpar(1) starts the scripts in parallel by them. Their form is a small part of make's:
 *	TARGETS = hwclock.sh udev mountall.sh
 *	INTERACTIVE = udev
 *	mountall.sh: udev hwclock.sh
 * insserv reads /etc/init.d as the file system lists it, and what no dependency orders it writes in
 * that order, which differs between ext4 and tmpfs, and between two ext4. startpar sorts the
 * targets by name when it reads them, so their order in the file says nothing: netrescue writes
 * them sorted.
 */
#pragma once

#include "base/err.h"
#include "rootfs/rootfs.h"

/* The same targets and dependencies in an order that follows from them alone: assignments as they
 * stand (startpar wants TARGETS before INTERACTIVE), then the rules by name; within a line by name.
 * NULL if a line is neither: such a file is not insserv's. Caller frees. */
char *insserv_sorted(const char *depend);

/* Sorts the files of the tree, for stage_normalise. What is not a regular file, or not insserv's,
 * stays as it is. */
int insserv_sort(struct rootfs *rootfs, struct err *err);
