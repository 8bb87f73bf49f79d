/* SPDX-License-Identifier: MIT */
/* What deploy-plan.c and deploy.c share. */
#pragma once

#include "serve/deploy.h"

/* Tells the server which boot loaders the result brings. Of those that are in the way there the
 * answer has facts "inway". */
int deploy_ask_loaders(struct session *s, const struct deployable *result, struct reply *ret,
		       struct err *err);
