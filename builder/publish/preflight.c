/* SPDX-License-Identifier: MIT */
#include "publish/preflight.h"

#include "publish/compressor.h"
#include "publish/menu.h"
#include "publish/tftp.h"
#include "rootfs/initramfs.h"

int preflight_check(const struct recipe *recipe, const struct lock *lock, struct err *err)
{
	CLEANUP(menu_release) struct menu menu = { 0 };
	cleanup_free char *version = lock_version(lock);
	int r = menu_describe(recipe, version, NULL, &menu, err);

	if (r < 0)
		return r;
	r = tftp_check(recipe, lock, &menu, err);
	if (r < 0)
		return r;
	r = initramfs_check_packages(recipe, lock, err);
	if (r < 0)
		return r;
	return compressor_check(lock, err);
}
