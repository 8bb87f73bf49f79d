/* SPDX-License-Identifier: MIT */
/* Which boot loaders a recipe has: `boot-packages` must name all packages of a loader, or none. */
#include "base/text.h"
#include "recipe/validate.h"

#define LOADER_PACKAGES_MAX 3

/* None of these works without the others: PXELINUX loads modules of its own build, and shim starts
 * the GRUB or MokManager that lies beside it. */
static const struct {
	const char *firmware;
	const char *package[LOADER_PACKAGES_MAX];
} loaders[] = {
	[FIRMWARE_BIOS] = { "BIOS", { "pxelinux", "syslinux-common" } },
	[FIRMWARE_UEFI] = { "UEFI",
			    { "shim-signed", "shim-helpers-amd64-signed",
			      "grub-efi-amd64-signed" } },
};

static const char *first_missing(const struct recipe *recipe, enum firmware f)
{
	for (size_t i = 0; i < LOADER_PACKAGES_MAX && loaders[f].package[i]; i++)
		if (!recipe_list_find(&recipe->boot_packages, loaders[f].package[i]))
			return loaders[f].package[i];
	return NULL;
}

bool recipe_boots(const struct recipe *recipe, enum firmware f)
{
	return !first_missing(recipe, f);
}

bool recipe_boots_over_network(const struct recipe *recipe)
{
	for (size_t i = 0; i < recipe->menu.entry_count; i++)
		if (recipe->menu.entry[i].kind == MENU_RESCUE)
			return true;
	return false;
}

static int check_whole(const struct recipe *recipe, enum firmware f, struct err *err)
{
	const char *missing = first_missing(recipe, f);
	const struct recipe_name *named = NULL;

	for (size_t i = 0; i < LOADER_PACKAGES_MAX && loaders[f].package[i] && !named; i++)
		named = recipe_list_find(&recipe->boot_packages, loaders[f].package[i]);
	if (!missing || !named)
		return 0;
	position_error(&named->at, err, "to boot by %s '%s' needs the package '%s'",
		       loaders[f].firmware, named->value, missing);
	return err_hint(err, "add it to 'boot-packages', or take '%s' out", named->value);
}

int validate_loaders(const struct recipe *recipe, struct err *err)
{
	if (!recipe->menu.entry_count)
		return 0;
	for (enum firmware f = FIRMWARE_BIOS; f <= FIRMWARE_UEFI; f++) {
		int r = check_whole(recipe, f, err);

		if (r < 0)
			return r;
	}
	return 0;
}
