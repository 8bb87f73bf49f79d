/* SPDX-License-Identifier: MIT */
#include "rootfs/initramfs-parts.h"

const struct initramfs_generator *initramfs_generator(const struct recipe *recipe)
{
	return recipe->initramfs.generator == INITRAMFS_DRACUT ? &initramfs_dracut
							       : &initramfs_tools;
}

static int check_package(const struct recipe *recipe, const struct lock *lock, const char *package,
			 struct err *err)
{
	const char *name = initramfs_generator(recipe)->name;

	if (!package || packages_find(&lock->packages, package, ROLE_IMAGE))
		return 0;
	err_set(err, ERR_USAGE, "%s needs the package '%s' to make the initramfs", name, package);
	if (recipe->initramfs.generator == INITRAMFS_TOOLS &&
	    packages_find(&lock->packages, initramfs_dracut.name, ROLE_IMAGE))
		return err_hint(err, "the kernel brings dracut: write 'initramfs: {generator: "
				     "dracut}', or add 'initramfs-tools' to packages");
	return err_hint(err, "add '%s' to packages", package);
}

int initramfs_check_packages(const struct recipe *recipe, const struct lock *lock, struct err *err)
{
	const struct initramfs_generator *generator = initramfs_generator(recipe);
	const size_t count = recipe_boots_over_network(recipe) ? INITRAMFS_PACKAGES_MAX : 1;
	int r = 0;

	if (!*recipe->kernel)
		return 0;
	for (size_t i = 0; i < count && r == 0; i++)
		r = check_package(recipe, lock, generator->package[i], err);
	if (r < 0 || !generator->compressor_package)
		return r;
	return check_package(recipe, lock,
			     generator->compressor_package(recipe->initramfs.compress), err);
}
