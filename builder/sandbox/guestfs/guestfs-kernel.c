/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "sandbox/guestfs/guestfs.h"

#define BOOT "/boot/vmlinuz-"
#define MODULES "/lib/modules"

/* libguestfs(3), "FIXED APPLIANCE": a directory of LIBGUESTFS_PATH with a kernel in it. */
static char *fixed_kernel(void)
{
	CLEANUP(strv_release) struct strv places = { 0 };
	const char *path = getenv("LIBGUESTFS_PATH");

	strv_split(&places, path ? path : "", ":");
	for (size_t i = 0; i < places.count; i++) {
		cleanup_free char *mark = xasprintf("%s/README.fixed", places.item[i]);

		if (access(mark, F_OK) == 0)
			return xasprintf("%s/kernel", places.item[i]);
	}
	return NULL;
}

/* supermin(1), "SUPERMIN_KERNEL". It always copies the directory /lib/modules as well, wherever the
 * modules come from. */
static int given_kernel(const char *kernel, char **ret, struct err *err)
{
	if (access(kernel, R_OK) < 0)
		return err_errno(err, ERR_BUILD, errno,
				 "cannot read the kernel '%s' (SUPERMIN_KERNEL)", kernel);
	if (access(MODULES, F_OK) < 0) {
		err_set(err, ERR_BUILD, "supermin needs the directory '" MODULES "', even empty");
		return err_hint(err, "sudo mkdir -p " MODULES);
	}
	*ret = xstrdup(kernel);
	return 0;
}

static int no_kernel(const char *unreadable, struct err *err)
{
	if (unreadable) {
		err_set(err, ERR_BUILD, "the appliance needs a kernel, and '%s' may not be read",
			unreadable);
		return err_hint(err, "sudo chmod 0644 " BOOT "*, which Ubuntu keeps from users; "
				     "again after each new kernel, or by dpkg-statoverride");
	}
	err_set(err, ERR_BUILD,
		"the appliance needs a kernel, and /boot has none with modules in " MODULES);
	return err_hint(err,
			"sudo apt install linux-image-amd64; in a container, or to leave /boot "
			"alone, name an unpacked one by SUPERMIN_KERNEL and SUPERMIN_MODULES "
			"(docs/sandbox.md)");
}

/* The newest kernel in /boot that has modules, of those that are readable, or of those that are
 * not. NULL: there is none. */
static char *newest_kernel(bool readable)
{
	char *newest = NULL;
	glob_t g = { 0 };

	if (glob(BOOT "*", 0, NULL, &g) != 0)
		return NULL;
	for (size_t i = 0; i < g.gl_pathc; i++) {
		const char *path = g.gl_pathv[i];
		cleanup_free char *modules =
			xasprintf(MODULES "/%s/modules.dep", path + strlen(BOOT));

		if (access(modules, F_OK) < 0 || (access(path, R_OK) == 0) != readable ||
		    (newest && strverscmp(path, newest) < 0))
			continue;
		free(newest);
		newest = xstrdup(path);
	}
	globfree(&g);
	return newest;
}

/* supermin takes the newest kernel and fails if it may not read that: so we tell it which to
 * take. */
static void use_instead(const char *kernel)
{
	const char *version = kernel + strlen(BOOT);
	cleanup_free char *modules = xasprintf(MODULES "/%s", version);

	(void)setenv("SUPERMIN_KERNEL", kernel, 1);
	(void)setenv("SUPERMIN_KERNEL_VERSION", version, 1);
	(void)setenv("SUPERMIN_MODULES", modules, 1);
}

int appliance_find_kernel(char **ret, struct err *err)
{
	const char *given = getenv("SUPERMIN_KERNEL");
	cleanup_free char *found = fixed_kernel();

	if (!found && given)
		return given_kernel(given, ret, err);
	if (!found) {
		cleanup_free char *unreadable = newest_kernel(false);

		found = newest_kernel(true);
		if (!found)
			return no_kernel(unreadable, err);
		if (unreadable && strverscmp(unreadable, found) > 0)
			use_instead(found);
	}
	*ret = take_ptr(found);
	return 0;
}

int appliance_find_emulator(char **ret, struct err *err)
{
	const char *given = getenv("LIBGUESTFS_HV");
	cleanup_free char *path = xstrdup(given ? given : APPLIANCE_EMULATOR);
	const char *const argv[] = { path, "--version", NULL };
	CLEANUP(err_release) struct err failure = { 0 };

	if (child_run(&(struct child_options){ .argv = argv }, 4096, NULL, &failure) < 0) {
		err_set(err, ERR_BUILD, "the appliance needs QEMU: %s", failure.message);
		return err_hint(err, "sudo apt install qemu-system-x86");
	}
	*ret = take_ptr(path);
	return 0;
}
