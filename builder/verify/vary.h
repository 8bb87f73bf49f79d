/* SPDX-License-Identifier: MIT */
/*
 * Runs a command as on another machine: with another user, host name, processor, time since boot,
 * environment. For the hidden verb `vary`, which `verify` starts as a process of its own: what is
 * changed here is changed for good.
 *
 * Every variation is tried; one that this user or kernel cannot change is reported as such and
 * left. Namespaces are those of the process: nothing of the host is touched.
 */
#pragma once

#include "base/err.h"

/* argument: settings NAME=VALUE, then the command, whose first word is an absolute path:
 *	report=FILE	gets the variations (variation.h) before the command starts
 *	scratch=DIR	empty directory for files that are mounted over others
 *	directory=DIR	working directory
 *	home=DIR	HOME
 *	read=PATH	the other user must be able to read it, and all below it; may be repeated
 *	write=PATH	given to the other user, with all below it; may be repeated
 * Replaces the process; returns only when that fails. */
int vary_run(const char *const *argument, struct err *err);
