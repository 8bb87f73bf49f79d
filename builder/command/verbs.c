/* SPDX-License-Identifier: MIT */
#include "command/verbs.h"

const struct verb *const verbs[] = {
	&verb_build,   &verb_lock,	 &verb_verify,	    &verb_diff,	      &verb_boot,
	&verb_deploy,  &verb_list,	 &verb_rollback,    &verb_prune,      &verb_menu,
	&verb_gc,      &verb_store,	 &verb_recipe_help, &verb_completion, &verb_man,
	&verb_version, &verb_deb_worker, &verb_deb_tar,	    &verb_vary,	      NULL,
};
