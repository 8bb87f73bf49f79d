/* SPDX-License-Identifier: MIT */
/* The verbs, one file each; but those that only print are together in verb-print.c, and those that
 * netrescue itself starts as processes are in verb-internal.c. */
#pragma once

#include "command/cli.h"

/* NULL-terminated, in the order of help. */
extern const struct verb *const verbs[];

extern const struct verb verb_build, verb_lock, verb_verify, verb_diff, verb_boot, verb_gc,
	verb_store;
extern const struct verb verb_deploy, verb_list, verb_rollback, verb_prune, verb_menu;
extern const struct verb verb_recipe_help, verb_completion, verb_man, verb_version;
extern const struct verb verb_deb_worker, verb_deb_tar; /* hidden (deb/deb.h) */
extern const struct verb verb_vary;			/* hidden (verify/vary.h) */
