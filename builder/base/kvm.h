/* SPDX-License-Identifier: MIT */
/*
 * Whether KVM runs guests here. That /dev/kvm opens proves nothing: in a virtual machine without
 * nested virtualisation, or under a sandboxing kernel, a guest may hang at its first instruction.
 * So a Linux kernel is started, and must get as far as its last word.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* emulator: a QEMU for this machine, by path or name; kernel: any that it can boot. Takes up to 5
 * seconds where guests hang. *ret_why: why not, in words, or NULL if they run. ERR_INTERRUPTED is
 * the only error. */
int kvm_probe(const char *emulator, const char *kernel, const char **ret_why, struct err *err);
