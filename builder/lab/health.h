/* SPDX-License-Identifier: MIT */
/*
 * What must be true in every rescue system that has booted. Each check is a script for bash(1) that
 * runs as root in the system, with health_facts() before it. It fails, and prints why, if something
 * is wrong.
 */
#pragma once

#include <stdbool.h>

#include "lab/client.h"

struct health_check {
	const char *name;
	bool (*applies)(const struct image *i); /* NULL: to all images */
	const char *script;
};

extern const struct health_check health_checks[]; /* the last has no name */

/* What the scripts may know of the image and the machine, as assignments for sh(1): $init $firmware
 * $append $overlay (0 or 1) $emulated (0 or 1) $locale $hostname. The caller frees it. */
char *health_facts(const struct client_options *o);
