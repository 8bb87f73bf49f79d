/* SPDX-License-Identifier: MIT */
/* What of this machine is ours to use. */
#pragma once

#include <stdint.h>

/* Bytes of memory that can be had without swapping: the kernel's MemAvailable, or less where a
 * control group (cgroups(7), both versions) allows less. 0 if /proc does not tell. */
uint64_t memory_available(void);

/* The processors this process may run on, at least 1. */
unsigned processors_available(void);
