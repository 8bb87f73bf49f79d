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

/* Checks that the menu is within the limits of PXELINUX and Linux (menu.h), and that the lock has
 * the boot packages of its loaders (tftp.h), what makes the initramfs (initramfs.h) and the
 * compressor (compressor.h). ERR_USAGE if not. */
int preflight_check(const struct recipe *recipe, const struct lock *lock, struct err *err);
