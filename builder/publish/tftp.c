/* SPDX-License-Identifier: MIT */
#include "publish/tftp.h"

#include "base/memory.h"
#include "publish/result.h"
#include "rootfs/deb.h"

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

static const struct loader_file memtest_amd64[] = {
	{ "memtest86+", "boot/memtest86+x64.bin", MENU_MEMTEST_PATH },
	{ NULL, NULL, NULL },
};

static const struct loader_file memtest_i386[] = {
	{ "memtest86+", "boot/memtest86+ia32.bin", MENU_MEMTEST_PATH },
	{ NULL, NULL, NULL },
};

static bool has_kind(const struct menu *menu, enum menu_kind kind)
{
	for (size_t i = 0; i < menu->count; i++)
		if (menu->entry[i].kind == kind)
			return true;
	return false;
}

static const struct loader_file *memtest_files(const struct lock *lock)
{
	return streq(lock->architecture, "i386") ? memtest_i386 : memtest_amd64;
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

/* The core refuses modules of another build, at boot, with a message that names neither. */
static int check_same_build(const struct lock *lock, struct err *err)
{
	const struct package *core = packages_find(&lock->packages, "pxelinux", ROLE_BOOT);
	const struct package *modules =
		packages_find(&lock->packages, "syslinux-common", ROLE_BOOT);

	if (streq(core->version, modules->version))
		return 0;
	return err_set(err, ERR_USAGE,
		       "pxelinux %s and syslinux-common %s are not of one build: "
		       "PXELINUX could not load its modules",
		       core->version, modules->version);
}

int tftp_check(const struct lock *lock, const struct menu *menu, struct err *err)
{
	int r;

	if (!menu->count)
		return 0;
	r = check_files(lock, pxelinux_files, "the boot menu", err);
	if (r >= 0)
		r = check_same_build(lock, err);
	if (r >= 0 && has_kind(menu, MENU_MEMTEST))
		r = check_files(lock, memtest_files(lock), "the menu's memory test", err);
	return r;
}

static int copy_files(struct result *res, const struct loader_file *f, struct err *err)
{
	for (; f->package; f++) {
		const struct package *p =
			packages_find(&res->lock->packages, f->package, ROLE_BOOT);
		CLEANUP(text_release) struct text content = { 0 };
		cleanup_free char *path = xasprintf("tftp/%s", f->path);
		int r = deb_read_member(res->store, p, f->member, LOADER_MAX, &content, err);

		if (r >= 0)
			r = result_write(res, path, content.data, content.length, err);
		if (r < 0)
			return err_wrap(err, "taking '%s' out of the package '%s'", f->member,
					f->package);
	}
	return 0;
}

int publish_tftp(struct result *res, struct err *err)
{
	CLEANUP(menu_release) struct menu menu = { 0 };
	int r = menu_describe(res->recipe, res->version, &menu, err);

	if (r < 0 || !menu.count)
		return r;
	r = tftp_check(res->lock, &menu, err);
	if (r >= 0)
		r = copy_files(res, pxelinux_files, err);
	if (r >= 0 && has_kind(&menu, MENU_MEMTEST))
		r = copy_files(res, memtest_files(res->lock), err);
	return r;
}
