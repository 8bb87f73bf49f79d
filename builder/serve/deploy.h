/* SPDX-License-Identifier: MIT */
/*
 * Results onto a server: looked at there first, uploaded under a name for a while, unpacked,
 * compared with the manifest, given their names, and put into the menu by one last rename.
 *
 *	CLEANUP(deployment_release) struct deployment d = DEPLOYMENT_INIT;
 *	r = deployment_begin(&d, &options, err);      looks, changes nothing
 *	print what d.plan says
 *	r = deployment_run(&d, err);
 *
 * Every step either has its rename behind it or not, and what has is not done again. So the same
 * command finishes what was interrupted, and clients see what was there before until the end.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "serve/deployable.h"
#include "serve/server-state.h"
#include "serve/session.h"

struct deploy_options {
	const char *const *dir; /* results */
	size_t dir_count;
	const char *to;
	const char *ssh;       /* NULL: "ssh" */
	const char *signed_by; /* NULL: nobody has to have signed */
	bool adopt;	       /* take over directories that netrescue did not make */
	unsigned wait;	       /* seconds for another deployment to end */
	void (*step)(const char *name, void *data);
	void *step_data;
};

/* What will be done with one result. */
struct deploy_plan {
	struct strv upload; /* paths in the result; none if the version is whole there */
	uint64_t bytes;
	bool unpack, there;
	uint64_t free_kib, free_inodes; /* where the root goes; UINT64_MAX: no limit is known */
	char *file_system;
};

struct deployment {
	const struct deploy_options *options;
	struct serve_place place;
	struct session session;
	struct deployable *result;
	struct deploy_plan *plan; /* as many as results */
	size_t count;
	struct server_state before; /* what was there */
};
#define DEPLOYMENT_INIT                                                                            \
	{                                                                                          \
		.session = SESSION_INIT                                                            \
	}

/* ERR_USAGE if the server cannot take it: something is in the way, too little space, a program is
 * missing, the export squashes root. */
int deployment_begin(struct deployment *d, const struct deploy_options *options, struct err *err);
int deployment_run(struct deployment *d, struct err *err);
void deployment_release(struct deployment *d);

/* "USER@HOST (process 1234)" of this machine, without blanks, for the lock. The caller frees it. */
char *deploy_who(void);
