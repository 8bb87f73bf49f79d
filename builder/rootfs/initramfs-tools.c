/* SPDX-License-Identifier: MIT */
/* initramfs-tools(7). */
#include "rootfs/initramfs-parts.h"
#include "rootfs/settings.h"

#define CONFIGURATION "/etc/initramfs-tools/conf.d/netrescue"
#define HOOKS "/usr/share/initramfs-tools/hooks"
#define MODULES_FILE "/etc/initramfs-tools/modules"

/* In a file of its own: the package's initramfs.conf has no BOOT line that could be edited. */
static int write_configuration(struct rootfs *rootfs, struct err *err)
{
	CLEANUP(text_release) struct text text = { 0 };

	text_printf(
		&text,
		"# initramfs.conf(5): the root comes from an NFS server, and nobody resumes here.\n"
		"BOOT=nfs\n"
		"RESUME=none\n"
		"MODULES=%s\n"
		"COMPRESS=%s\n",
		rootfs->recipe->initramfs.modules, rootfs->recipe->initramfs.compress);
	return settings_write(rootfs, CONFIGURATION, text.data, 0644, err);
}

static int write_modules(struct rootfs *rootfs, struct err *err)
{
	const struct recipe_list *extra = &rootfs->recipe->initramfs.extra;
	CLEANUP(text_release) struct text text = { 0 };
	bool exists;
	int r;

	r = settings_read(rootfs, MODULES_FILE, &exists, &text, err);
	if (r < 0)
		return r;
	if (text.length && text.data[text.length - 1] != '\n')
		text_add(&text, "\n");
	text_add(&text, "\n# For rescue.overlay, and what the recipe adds.\noverlay\n");
	for (size_t i = 0; i < extra->count; i++)
		text_printf(&text, "%s\n", extra->item[i].value);
	return settings_write(rootfs, MODULES_FILE, text.data, 0644, err);
}

/* The hook of dropbear-initramfs makes root's home, under a name that is random, unless a hook
 * before it has done so. Not /root, where the real root is mounted. */
static int write_home(struct rootfs *rootfs, struct err *err)
{
	static const char hook[] =
		"#!/bin/sh -e\n"
		"# For the hook dropbear: root's home, always of the same name.\n"
		"[ \"$1\" != prereqs ] || exit 0\n"
		"mkdir -p \"$DESTDIR/etc\"\n"
		"mkdir -m 0700 \"$DESTDIR/root-home\"\n"
		"echo 'root:*:0:0::/root-home:/bin/sh' >> "
		"\"$DESTDIR/etc/passwd\"\n";
	bool exists = false;
	int r = sandbox_exists(rootfs->sandbox, HOOKS "/dropbear", &exists, err);

	return r < 0 || !exists ? r : settings_write(rootfs, HOOKS "/00netrescue", hook, 0755, err);
}

static int configure(struct rootfs *rootfs, struct err *err)
{
	int r = write_configuration(rootfs, err);

	if (r == 0)
		r = write_modules(rootfs, err);
	return r < 0 ? r : write_home(rootfs, err);
}

const struct initramfs_generator initramfs_tools = {
	.name = "initramfs-tools",
	.program = "update-initramfs",
	.path = "/usr/sbin/update-initramfs",
	.package = { "initramfs-tools" },
	.command = "update-initramfs -c -k \"$1\"",
	.configure = configure,
};
