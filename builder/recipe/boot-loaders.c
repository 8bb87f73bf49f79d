// SPDX-License-Identifier: MIT
/* Which loaders a recipe's boot packages make up. */
#include "base/text.h"
#include "recipe/validate.h"
#include "recipe/value.h"

#define LOADER_PACKAGES_MAX 3

/* All of a set or nothing: PXELINUX loads modules of its own build, and shim starts the GRUB
 * that lies beside it, or MokManager. */
static const struct {
	const char *firmware;
	const char *package[LOADER_PACKAGES_MAX];
} loaders[] = {
	[FIRMWARE_BIOS] = { "BIOS", { "pxelinux", "syslinux-common" } },
	[FIRMWARE_UEFI] = { "UEFI",
			    { "shim-signed", "shim-helpers-amd64-signed",
			      "grub-efi-amd64-signed" } },
};

static const struct recipe_name *find_named(const struct recipe *r, const char *package)
{
	for (size_t i = 0; i < r->boot_packages.count; i++)
		if (streq(r->boot_packages.item[i].value, package))
			return &r->boot_packages.item[i];
	return NULL;
}

static const char *first_missing(const struct recipe *r, enum firmware f)
{
	for (size_t i = 0; i < LOADER_PACKAGES_MAX && loaders[f].package[i]; i++)
		if (!find_named(r, loaders[f].package[i]))
			return loaders[f].package[i];
	return NULL;
}

bool recipe_boots(const struct recipe *r, enum firmware f)
{
	return !first_missing(r, f);
}

static int check_whole(const struct recipe *r, enum firmware f, struct err *err)
{
	const char *missing = first_missing(r, f);
	const struct recipe_name *named = NULL;

	for (size_t i = 0; i < LOADER_PACKAGES_MAX && loaders[f].package[i] && !named; i++)
		named = find_named(r, loaders[f].package[i]);
	if (!missing || !named)
		return 0;
	position_error(&named->at, err, "to boot by %s '%s' needs the package '%s'",
		       loaders[f].firmware, named->value, missing);
	return err_hint(err, "add it to 'boot-packages', or take '%s' out", named->value);
}

int validate_loaders(const struct recipe *r, struct err *err)
{
	int e = 0;

	for (enum firmware f = FIRMWARE_BIOS; f <= FIRMWARE_UEFI && e == 0; f++)
		e = r->menu.entry_count ? check_whole(r, f, err) : 0;
	return e;
}
