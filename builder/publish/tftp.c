/* SPDX-License-Identifier: MIT */
#include "publish/tftp.h"

#include "base/memory.h"
#include "publish/result-files.h"
#include "deb/deb.h"

#define LOADER_MAX (16 << 20)

struct loader_file {
	const char *package;
	const char *member; /* in the package */
	const char *path;   /* below tftp/ */
};

/* PXELINUX 6 is a core that loads ldlinux.c32, which loads menu.c32, which needs libutil.c32;
 * libcom32.c32 is what the other modules of a site would need. All of one build. */
static const struct loader_file pxelinux_files[] = {
	{ "pxelinux", "usr/lib/PXELINUX/pxelinux.0", "pxelinux.0" },
	{ "syslinux-common", "usr/lib/syslinux/modules/bios/ldlinux.c32", "ldlinux.c32" },
	{ "syslinux-common", "usr/lib/syslinux/modules/bios/menu.c32", "menu.c32" },
	{ "syslinux-common", "usr/lib/syslinux/modules/bios/libutil.c32", "libutil.c32" },
	{ "syslinux-common", "usr/lib/syslinux/modules/bios/libcom32.c32", "libcom32.c32" },
	{ NULL, NULL, NULL },
};

/* Firmware loads shim, which Microsoft has signed; shim loads what Debian has signed and lies in
 * the same directory under these names: GRUB, or MokManager where keys wait to be enrolled. */
static const struct loader_file efi_files[] = {
	{ "shim-signed", "usr/lib/shim/shimx64.efi.signed", TFTP_SHIM },
	{ "shim-helpers-amd64-signed", "usr/lib/shim/mmx64.efi.signed", "efi64/mmx64.efi" },
	{ "grub-efi-amd64-signed", "usr/lib/grub/x86_64-efi-signed/grubnetx64.efi.signed",
	  "efi64/grubx64.efi" },
	{ NULL, NULL, NULL },
};

static const struct loader_file memtest_bios[] = {
	{ "memtest86+", "boot/memtest86+x64.bin", MENU_MEMTEST_PATH },
	{ NULL, NULL, NULL },
};

static const struct loader_file memtest_efi[] = {
	{ "memtest86+", "boot/memtest86+x64.efi", MENU_MEMTEST_EFI_PATH },
	{ NULL, NULL, NULL },
};

static const struct loader {
	enum firmware firmware;
	bool memtest; /* only for a menu that tests memory */
	const char *what;
	const struct loader_file *files;
} loaders[] = {
	{ FIRMWARE_BIOS, false, "booting by BIOS", pxelinux_files },
	{ FIRMWARE_UEFI, false, "booting by UEFI", efi_files },
	{ FIRMWARE_BIOS, true, "the menu's memory test", memtest_bios },
	{ FIRMWARE_UEFI, true, "the menu's memory test", memtest_efi },
};

static bool has_memtest(const struct menu *menu)
{
	for (size_t i = 0; i < menu->count; i++)
		if (menu->entry[i].kind == MENU_MEMTEST)
			return true;
	return false;
}

static bool is_wanted(const struct loader *l, const struct recipe *recipe, const struct menu *menu)
{
	return menu->count && recipe_boots(recipe, l->firmware) &&
	       (!l->memtest || has_memtest(menu));
}

static int check_files(const struct lock *lock, const struct loader_file *f, const char *what,
		       struct err *err)
{
	for (; f->package; f++) {
		if (packages_find(&lock->packages, f->package, ROLE_BOOT))
			continue;
		err_set(err, ERR_USAGE,
			"%s needs the package '%s', which is no boot package of "
			"this recipe",
			what, f->package);
		return err_hint(err, "add '%s' to boot-packages:", f->package);
	}
	return 0;
}

/* At boot the core refuses modules of another build, with a message that names neither package. */
static int check_same_build(const struct lock *lock, struct err *err)
{
	const struct package *core = packages_find(&lock->packages, "pxelinux", ROLE_BOOT);
	const struct package *modules =
		packages_find(&lock->packages, "syslinux-common", ROLE_BOOT);

	if (streq(core->version, modules->version))
		return 0;
	return err_set(
		err, ERR_USAGE,
		"pxelinux %s and syslinux-common %s are not of one build: "
		"PXELINUX could not load its modules; name versions of one build in boot-packages:",
		core->version, modules->version);
}

int tftp_check(const struct recipe *recipe, const struct lock *lock, const struct menu *menu,
	       struct err *err)
{
	if (menu->count && !recipe_boots(recipe, FIRMWARE_BIOS) &&
	    !recipe_boots(recipe, FIRMWARE_UEFI)) {
		err_set(err, ERR_USAGE,
			"the menu has entries, but 'boot-packages' names no boot loader");
		return err_hint(err, "BIOS: pxelinux, syslinux-common; UEFI: shim-signed, "
				     "shim-helpers-amd64-signed, grub-efi-amd64-signed");
	}
	for (size_t i = 0; i < ARRAY_SIZE(loaders); i++) {
		const struct loader *l = &loaders[i];
		int r;

		if (!is_wanted(l, recipe, menu))
			continue;
		r = check_files(lock, l->files, l->what, err);
		if (r < 0)
			return r;
		if (l->files == pxelinux_files) {
			r = check_same_build(lock, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int copy_file(struct result *res, const struct loader_file *f, struct err *err)
{
	const struct package *p = packages_find(&res->lock->packages, f->package, ROLE_BOOT);
	CLEANUP(text_release) struct text content = { 0 };
	cleanup_free char *path = xasprintf("tftp/%s", f->path);
	int r = deb_read_member(res->store, p, f->member, LOADER_MAX, &content, err);

	if (r < 0)
		return err_wrap(err, "taking '%s' out of the package '%s'", f->member, f->package);
	return result_write(res, path, content.data, content.length, err);
}

static int copy_files(struct result *res, const struct loader_file *f, struct err *err)
{
	for (; f->package; f++) {
		int r = copy_file(res, f, err);

		if (r < 0)
			return r;
	}
	return 0;
}

int result_add_tftp(struct result *res, struct err *err)
{
	CLEANUP(menu_release) struct menu menu = { 0 };
	int r = menu_describe(res->recipe, res->version, &res->kernels, &menu, err);

	if (r < 0)
		return r;
	r = tftp_check(res->recipe, res->lock, &menu, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(loaders); i++) {
		if (!is_wanted(&loaders[i], res->recipe, &menu))
			continue;
		r = copy_files(res, loaders[i].files, err);
		if (r < 0)
			return r;
	}
	return 0;
}
