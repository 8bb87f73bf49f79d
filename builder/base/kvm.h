/* SPDX-License-Identifier: MIT */
/*
 * What all who start QEMU need.
 *
 * Whether KVM runs guests here. That /dev/kvm opens proves nothing: in a virtual machine without
 * nested virtualisation, or under a sandboxing kernel, a guest may hang at its first instruction.
 * So a Linux kernel is started, and must get as far as its last message.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* -sandbox: what gets out of a machine into QEMU starts no programs and gains no other user's
 * rights; "allow" or "deny" follows. */
#define QEMU_FILTER "on,obsolete=deny,elevateprivileges=deny,resourcecontrol=deny,spawn="

/* emulator: a QEMU for this machine, by path or name; kernel: any that it can boot. Where guests
 * hang this takes 15 seconds. *ret_why says in words why guests do not run; NULL: they do.
 * ERR_INTERRUPTED is the only error. */
int kvm_probe(const char *emulator, const char *kernel, const char **ret_why, struct err *err);
