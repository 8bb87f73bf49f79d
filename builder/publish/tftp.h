/* SPDX-License-Identifier: MIT */
/* The boot loaders that the menu needs, taken out of the lock's boot packages, which are not
 * installed in the image. */
#pragma once

#include "archive/lock.h"
#include "base/err.h"
#include "publish/menu.h"

/* What DHCP names to UEFI clients, relative to the tftp root. */
#define TFTP_SHIM "efi64/shimx64.efi"

/* ERR_USAGE if the recipe has a menu and no loader, or if the lock lacks a boot package that the
 * menu needs: for each firmware that the recipe boots its loader, and its memory test where the
 * menu has one. */
int tftp_check(const struct recipe *recipe, const struct lock *lock, const struct menu *menu,
	       struct err *err);
