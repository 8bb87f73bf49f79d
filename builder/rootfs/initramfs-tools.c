/* SPDX-License-Identifier: MIT */
/* initramfs-tools(7). */
#include "rootfs/initramfs-parts.h"
#include "rootfs/settings.h"

#define CONFIGURATION "/etc/initramfs-tools/conf.d/netrescue"
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

static int configure(struct rootfs *rootfs, struct err *err)
{
	int r = write_configuration(rootfs, err);

	return r < 0 ? r : write_modules(rootfs, err);
}

const struct initramfs_generator initramfs_tools = {
	.name = "initramfs-tools",
	.program = "update-initramfs",
	.path = "/usr/sbin/update-initramfs",
	.package = { "initramfs-tools" },
	.command = "update-initramfs -c -k \"$1\"",
	.configure = configure,
};
