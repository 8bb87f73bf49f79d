/* SPDX-License-Identifier: MIT */
/*
 * A tap on a bridge of this host: the cable from a client to the network behind the bridge, as
 * `ip tuntap add` and `ip link set master` would plug it. It is there as long as its descriptor is
 * open, in us or in the QEMU that got it, so nothing stays behind however we end.
 *
 * Needs CAP_NET_ADMIN over the network namespace. Linux: Documentation/networking/tuntap.rst,
 * bridge.rst, ABI/testing/sysfs-class-net.
 */
#pragma once

#include "base/err.h"

/* Whether bridge_plug_in() can work: the bridge is there, is one, is up, and we may. ERR_USAGE. */
int bridge_check(const char *bridge, struct err *err);
/* Returns when the bridge lets packets through: with the spanning tree protocol that takes twice
 * its forward delay, longer than a boot ROM waits, and is told. *ret_fd is the caller's, for
 * -netdev tap,fd=. */
int bridge_plug_in(const char *bridge, int *ret_fd, struct err *err);
