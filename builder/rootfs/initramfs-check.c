/* SPDX-License-Identifier: MIT */
#include "rootfs/initramfs-parts.h"

#include <errno.h>
#include <string.h>

#include "base/io.h"
#include "base/memory.h"
#include "rootfs/module-name.h"
#include "rootfs/settings.h"
#include "tar/members.h"

struct contents {
	struct strv file;    /* "usr/bin/nfsmount" */
	struct strv module;  /* "nfsv3": from the names of files, with `_` for `-` */
	struct strv builtin; /* those that are part of the kernel */
};

static void contents_release(struct contents *c)
{
	strv_release(&c->file);
	strv_release(&c->module);
	strv_release(&c->builtin);
}

static int read_image(struct rootfs *rootfs, const char *image, struct contents *c, struct err *err)
{
	CLEANUP(members_release) struct members members = { 0 };
	cleanup_fd int fd = -1;
	int r = sandbox_open_file(rootfs->sandbox, image, &fd, err);

	if (r < 0)
		return r;
	r = members_read_initrd(fd, NULL, &members, err);
	if (r < 0)
		return err_wrap(err, "looking into %s", image);
	for (size_t i = 0; i < members.count; i++) {
		strv_add(&c->file, members.item[i].path);
		module_name_add(&c->module, members.item[i].path);
	}
	return 0;
}

static int read_builtin(struct rootfs *rootfs, struct contents *c, struct err *err)
{
	cleanup_free char *list = xasprintf("/lib/modules/%s/modules.builtin", rootfs->kernel);
	CLEANUP(text_release) struct text builtin = { 0 };
	CLEANUP(strv_release) struct strv line = { 0 };
	bool exists;
	int r = settings_read(rootfs, list, &exists, &builtin, err);

	if (r < 0)
		return r;
	strv_split(&line, builtin.data, "\n");
	for (size_t i = 0; i < line.count; i++)
		module_name_add(&c->builtin, line.item[i]);
	return 0;
}

static int read_contents(struct rootfs *rootfs, struct contents *c, struct err *err)
{
	cleanup_free char *image = xasprintf("/boot/initrd.img-%s", rootfs->kernel);
	bool exists;
	int r = sandbox_exists(rootfs->sandbox, image, &exists, err);

	if (r < 0)
		return r;
	if (!exists)
		return err_set(err, ERR_BUILD, "%s left no %s",
			       initramfs_generator(rootfs->recipe)->program, image);
	r = read_image(rootfs, image, c, err);
	return r < 0 ? r : read_builtin(rootfs, c, err);
}

static bool has_module(const struct contents *c, const char *name)
{
	cleanup_free char *module = module_name(name);

	return strv_has(&c->module, module) || strv_has(&c->builtin, module);
}

static bool has_file(const struct contents *c, const char *end)
{
	for (size_t i = 0; i < c->file.count; i++)
		if (ends_with(c->file.item[i], end))
			return true;
	return false;
}

/* In newer ones bin is a link to usr/bin, so only the ends of names are compared. */
#define NFS_FILES_MAX 4
static const struct nfs_file {
	const char *end;
	const char *what;
} nfs_files[][NFS_FILES_MAX] = {
	[INITRAMFS_TOOLS] = {
		{ "scripts/nfs", "the script that mounts an NFS root" },
		{ "conf/conf.d/netrescue", "the setting that the root comes over NFS" },
		{ "bin/nfsmount", "klibc's nfsmount" },
		{ "bin/ipconfig", "klibc's ipconfig" },
	},
	[INITRAMFS_DRACUT] = {
		{ "sbin/nfsroot", "the script that mounts an NFS root" },
		{ "-netrescue-root.sh", "the script that hands it over" },
		{ "sbin/mount.nfs", "mount.nfs of nfs-common" },
		{ "systemd/systemd-networkd", "systemd-networkd" },
	},
};

static int check_nfs(const struct recipe *recipe, const struct contents *c, struct err *err)
{
	static const char *const module[] = { "nfs", "nfsv3", "af_packet" };
	const struct nfs_file *file = nfs_files[recipe->initramfs.generator];

	for (size_t i = 0; i < NFS_FILES_MAX; i++)
		if (!has_file(c, file[i].end))
			return err_set(err, ERR_BUILD, "the initramfs lacks %s (%s)", file[i].what,
				       file[i].end);
	for (size_t i = 0; i < ARRAY_SIZE(module); i++) {
		if (has_module(c, module[i]))
			continue;
		err_set(err, ERR_BUILD, "the initramfs lacks the kernel module '%s'", module[i]);
		return err_hint(err,
				"initramfs.modules: netboot and most bring what a root over NFS "
				"needs; with list, it stands in initramfs.extra");
	}
	return 0;
}

static int check_extra(struct rootfs *rootfs, const struct contents *c, struct err *err)
{
	const struct recipe_list *extra = &rootfs->recipe->initramfs.extra;

	for (size_t i = 0; i < extra->count; i++) {
		/* A line of /etc/initramfs-tools/modules may have parameters behind the name. */
		cleanup_free char *name =
			xstrndup(extra->item[i].value, strcspn(extra->item[i].value, " \t"));

		if (!has_module(c, name))
			return position_error(&extra->item[i].at, err,
					      "kernel %s has no module '%s'", rootfs->kernel, name);
	}
	return 0;
}

static int check_overlay(struct rootfs *rootfs, const struct contents *c, struct err *err)
{
	if (!has_module(c, "overlay"))
		return err_set(err, ERR_BUILD, "the initramfs lacks the kernel module 'overlay'");
	if (!rootfs->recipe->boots_read_only || has_file(c, INITRAMFS_OVERLAY_SCRIPT))
		return 0;
	err_set(err, ERR_USAGE,
		"clients mount the root read-only (nfs.access or a menu entry), but the "
		"initramfs lacks %s, which gives them memory to write to",
		INITRAMFS_OVERLAY_SCRIPT);
	return err_hint(err, "list netrescue's overlays/initramfs in the recipe's overlays");
}

/* The packages leave their microcode out quietly where they think that no processor needs it. */
static int check_microcode(struct rootfs *rootfs, const struct contents *c, struct err *err)
{
	static const struct {
		const char *package;
		const char *file;
	} early[] = {
		{ "amd64-microcode", "kernel/x86/microcode/AuthenticAMD.bin" },
		{ "intel-microcode", "kernel/x86/microcode/GenuineIntel.bin" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(early); i++) {
		if (!packages_find(&rootfs->lock->packages, early[i].package, ROLE_IMAGE) ||
		    has_file(c, early[i].file))
			continue;
		err_set(err, ERR_BUILD,
			"the initramfs lacks the microcode of the package '%s' (%s)",
			early[i].package, early[i].file);
		return err_hint(err, "does an overlay or a script change /etc/default/%s?",
				early[i].package);
	}
	return 0;
}

static int check_names(const struct contents *c, struct err *err)
{
	for (size_t i = 0; i < c->file.count; i++)
		if (strstr(c->file.item[i], "tmpkbd"))
			return err_set(err, ERR_BUILD,
				       "the initramfs contains '%s', whose name is another at "
				       "each build: setupcon did not take its saved keymap",
				       c->file.item[i]);
	return 0;
}

int initramfs_check(struct rootfs *rootfs, struct err *err)
{
	CLEANUP(contents_release) struct contents contents = { 0 };
	int r;

	r = read_contents(rootfs, &contents, err);
	if (r < 0)
		return r;
	if (rootfs->recipe->boots_over_network) {
		r = check_nfs(rootfs->recipe, &contents, err);
		if (r < 0)
			return r;
		r = check_overlay(rootfs, &contents, err);
		if (r < 0)
			return r;
	}
	r = check_microcode(rootfs, &contents, err);
	if (r < 0)
		return r;
	r = check_extra(rootfs, &contents, err);
	if (r < 0)
		return r;
	return check_names(&contents, err);
}
