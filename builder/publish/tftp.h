/* SPDX-License-Identifier: MIT */
/* The loaders that the menu needs, out of the lock's boot packages. Nothing of them is
 * installed. */
#pragma once

#include "archive/lock.h"
#include "base/err.h"
#include "publish/menu.h"

/* ERR_USAGE if the lock lacks a boot package that this menu needs. */
int tftp_check(const struct lock *lock, const struct menu *menu, struct err *err);
