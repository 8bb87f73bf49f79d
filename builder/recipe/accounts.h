/* SPDX-License-Identifier: MIT */
/* The recipe's users and groups, as far as the recipe alone decides. What needs the image, such as
 * whether it has a shell, is for rootfs/settings-accounts.c to see. */
#pragma once

#include "recipe/recipe.h"

/* Gives each user without a number the next from ACCOUNT_ID_FIRST on that no user or group of the
 * recipe has, in the recipe's order; and a home to those without one. */
void accounts_resolve(struct recipe *recipe);
/* validate_accounts() in validate.h says whether names and numbers fit one another. */
