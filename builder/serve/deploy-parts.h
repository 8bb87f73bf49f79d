/* SPDX-License-Identifier: MIT */
/* What deploy-plan.c and deploy.c share. */
#pragma once

#include "serve/deploy.h"

/* Tells the server which boot loaders the result brings. Of those that are in the way there the
 * answer has facts "inway". */
int deploy_ask_loaders(struct session *s, const struct deployable *result, struct reply *ret,
		       struct err *err);
/* ERR_USAGE if the answer has such a fact. */
int deploy_refuse_in_the_way(const struct reply *reply, struct err *err);

/* What has to be uploaded, where `there` is what the server has of this version, or NULL. */
void deploy_plan_upload(const struct deployable *result, const struct server_version *there,
			struct deploy_plan *plan);
