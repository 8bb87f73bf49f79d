/* SPDX-License-Identifier: MIT */
/* How much of this machine a build may use. */
#pragma once

#include <stdint.h>

/* Bytes of memory that can be had without swapping: the kernel's MemAvailable, or less where a
 * control group (cgroups(7), version 1 or 2) or one above it allows less. What counts there is the
 * hard limit (memory.max): at memory.high the kernel only slows a process down. 0 if /proc does not
 * say. */
uint64_t memory_available(void);
/* The same of a machine whose /proc and /sys are below root. */
uint64_t memory_available_below(const char *root);

/* The same with the swap that nobody uses; a control group's limit has none beside it. */
uint64_t memory_and_swap_available(void);
uint64_t memory_and_swap_available_below(const char *root);

/* How many processes and threads can be started beside those that run: what a control group or one
 * above it still allows (pids.max), or less where the kernel (threads-max) or the resource limit
 * RLIMIT_NPROC, which counts all processes of the user, allows less in all. UINT64_MAX if nothing
 * limits them. */
uint64_t processes_available(void);
/* The same of a machine whose /proc and /sys are below root, without the resource limit. */
uint64_t processes_available_below(const char *root);

/* The number of processors that this process may run on, at least 1. */
unsigned processors_available(void);
