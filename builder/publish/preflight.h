/* SPDX-License-Identifier: MIT */
/*
 * What can be known to fail before a build begins. The publishing of a result comes last, after a
 * quarter of an hour perhaps; whoever begins a build asks here first whether recipe and lock have
 * all that it will need.
 */
#pragma once

#include "archive/lock.h"
#include "base/err.h"
#include "recipe/recipe.h"

/* The menu within the limits of PXELINUX and Linux (menu.h), the boot packages that its loaders
 * come from (tftp.h), the compressor (compressor.h). ERR_USAGE. */
int preflight_check(const struct recipe *recipe, const struct lock *lock, struct err *err);
