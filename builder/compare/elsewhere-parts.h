/* SPDX-License-Identifier: MIT */
/* What the parts of elsewhere.h share. */
#pragma once

#include "base/text.h"
#include "compare/condition.h"

struct elsewhere {
	const char *report, *scratch, *directory, *home; /* borrowed, as all settings */
	struct strv read, write;
	const char *const *command;

	struct strv env; /* the command's environment */
	bool has_mounts; /* the mount namespace is our own */
	struct conditions conditions;
};

/* One condition: looked at, changed, looked at again. change() returns 0, or -errno, or 1 with
 * *why_not filled. */
struct trial {
	const char *name;
	void (*look)(const struct elsewhere *e, struct text *ret);
	int (*change)(struct elsewhere *e, struct text *why_not);
};

/* elsewhere-machine.c: host name, processor, devices, network, clock since boot, kernel. Needs
 * root for the most part. elsewhere-user.c: the user. NULL-terminated. */
extern const struct trial elsewhere_machine[], elsewhere_user[];
