/* SPDX-License-Identifier: MIT */
/*
 * The package set (libsolv), as apt would choose it: Debian's rule is "the first alternative that can
 * be installed", which libsolv does not know, so the answer is steered by favours and solved again
 * until nothing changes (see solve.c). An unsatisfiable request is an ERR_USAGE error at the recipe
 * line that asked, with the chain of dependencies that leads to the conflict.
 */
#pragma once

#include "archive/index.h"
#include "archive/package.h"
#include "archive/store.h"
#include "base/err.h"
#include "recipe/recipe.h"

/* Image packages (with .automatic, .base, .essential filled) and boot packages, sorted. Local .debs of
 * the recipe take part as candidates and are always installed. Checked afterwards: a kernel means
 * /sbin/init has an owner (systemd-sysv, sysvinit-core, …). */
int solve(struct store *s, const struct recipe *recipe, const struct indices *indices,
	  struct packages *ret, struct err *err);
