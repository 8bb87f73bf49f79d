/* SPDX-License-Identifier: MIT */
/*
 * Whether KVM runs guests here. That /dev/kvm opens proves nothing: in a virtual machine without
 * nested virtualisation, or under a sandboxing kernel, a guest may hang at its first instruction.
 * So a Linux kernel is started, and must get as far as its first word.
 */
#pragma once

#include "base/err.h"
#include "lab/machine.h"

/* *ret_why: why not KVM, in words, or NULL. */
int accel_probe(const char *directory, const char *kernel, enum accel *ret, const char **ret_why,
		struct err *err);
