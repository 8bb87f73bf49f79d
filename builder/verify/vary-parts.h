/* SPDX-License-Identifier: MIT */
/* What the parts of vary.h share. */
#pragma once

#include "base/text.h"
#include "verify/variation.h"

struct vary {
	const char *report, *scratch, *directory, *home; /* borrowed, as all settings */
	struct strv read, write;
	const char *const *command;

	struct strv env; /* the command's environment */
	bool has_mounts; /* the mount namespace is our own */
	struct variations variations;
};

/* One variation: looked at, changed, looked at again. change() returns 0, or -errno, or 1 with
 * *why_not filled. */
struct trial {
	const char *name;
	void (*look)(const struct vary *e, struct text *ret);
	int (*change)(struct vary *e, struct text *why_not);
};

/* vary-machine.c: host name, processor, devices, network, clock since boot, kernel. Needs
 * root for the most part. vary-user.c: the user. NULL-terminated. */
extern const struct trial vary_machine[], vary_user[];
