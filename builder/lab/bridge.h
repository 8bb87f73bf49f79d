/* SPDX-License-Identifier: MIT */
/*
 * A tap on a bridge of this host connects a client to the network behind the bridge, as
 * `ip tuntap add` and `ip link set master` would. The tap exists as long as its descriptor is open
 * in our process or in QEMU, so nothing stays behind, however they end.
 *
 * It takes CAP_NET_ADMIN over the network namespace. Linux: Documentation/networking/tuntap.rst,
 * bridge.rst, ABI/testing/sysfs-class-net.
 */
#pragma once

#include "base/err.h"

/* ERR_USAGE if bridge_plug_in() could not work: this host has no such bridge, it is down, or we may
 * not make taps. */
int bridge_check(const char *bridge, struct err *err);
/* Makes a tap on the bridge, and returns when the bridge forwards its packets. With the spanning
 * tree protocol that takes twice its forward delay, which a note says if it is longer than a boot
 * ROM waits. *ret_fd, for -netdev tap,fd=, is the caller's to close. */
int bridge_plug_in(const char *bridge, int *ret_fd, struct err *err);
