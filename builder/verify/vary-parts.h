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
	/* -errno of a change that could be neither finished nor undone: the command must not run as
	 * what this process is then. */
	int broken;
	struct variations variations;
};

/* One variation, which is looked at, changed, and looked at again. change() returns 0, or -errno,
 * or 1 with *why_not filled. */
struct trial {
	const char *name;
	void (*look)(const struct vary *v, struct text *ret);
	int (*change)(struct vary *v, struct text *why_not);
};

/* Mounts a file of that content over target, in a mount namespace of our own; name: an unused one
 * in the scratch directory. -errno. */
int vary_cover(struct vary *v, const char *name, const char *target, const char *content);

/* vary-machine.c: host name, processor, devices, network, time since boot, kernel, most of which
 * need root. vary-user.c: the user. Both end with an entry whose name is NULL. */
extern const struct trial vary_machine[], vary_user[];
