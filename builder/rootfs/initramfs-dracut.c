/* SPDX-License-Identifier: MIT */
/* dracut(8). Its own modules get an address and mount the root; overlays/initramfs has a module
 * that does with this root what its scripts for initramfs-tools do. */
#include "rootfs/initramfs-parts.h"

#include "base/memory.h"
#include "rootfs/settings.h"

#define CONFIGURATION "/etc/dracut.conf.d/netrescue.conf"
#define MODULE_DIRECTORY "/usr/lib/dracut/modules.d/95netrescue"

/* dracut's own commands depend on the number of processors (zstd and xz with -T0) and on what else
 * is installed (pigz instead of gzip). */
static const struct compressor {
	const char *name; /* initramfs.compress */
	const char *package;
	const char *command;
} compressors[] = {
	{ "zstd", "zstd", "zstd -q -9 -T1" },
	{ "gzip", "gzip", "gzip -n -9" },
	{ "xz", "xz-utils", "xz --check=crc32 --lzma2=dict=1MiB -T1" },
	{ "lz4", "lz4", "lz4 -l -9" },
};

static const struct compressor *find_compressor(const char *compress)
{
	size_t i = 0;

	while (!streq(compressors[i].name, compress))
		i++;
	return &compressors[i];
}

static const char *compressor_package(const char *compress)
{
	return find_compressor(compress)->package;
}

/* dracut knows no "netboot". Given a list of drivers it takes those and, as its module for networks
 * adds them, those of all network cards; without one it takes those of all disks. The list: what a
 * network card may be connected by, and keyboards for those who stop in the initramfs. */
static const char network_drivers[] =
	"virtio_pci virtio_mmio hv_vmbus pci_hyperv pci_hyperv_intf =drivers/pci/controller "
	"=drivers/usb/host =drivers/hid/usbhid hid_generic hid_hyperv =drivers/input/serio "
	"=drivers/input/keyboard af_packet";

static void add_modules(struct rootfs *rootfs, struct text *text)
{
	const struct recipe *recipe = rootfs->recipe;

	if (recipe->boots_over_network)
		text_add(text, "dracutmodules+=\" netrescue \"\n");
	if (streq(recipe->initramfs.modules, "netboot"))
		text_printf(text, "drivers+=\" %s \"\n", network_drivers);
	text_add(text, "force_drivers+=\" overlay");
	for (size_t i = 0; i < recipe->initramfs.extra.count; i++)
		text_printf(text, " %s", recipe->initramfs.extra.item[i].value);
	text_add(text, " \"\n");
}

static int check_module(struct rootfs *rootfs, struct err *err)
{
	bool exists;
	int r = sandbox_exists(rootfs->sandbox, MODULE_DIRECTORY, &exists, err);

	if (r < 0 || exists || !rootfs->recipe->boots_over_network)
		return r;
	err_set(err, ERR_USAGE, "dracut needs %s to boot over the network", MODULE_DIRECTORY);
	return err_hint(err, "list netrescue's overlays/initramfs in the recipe's overlays");
}

static int configure(struct rootfs *rootfs, struct err *err)
{
	CLEANUP(text_release) struct text text = { 0 };
	int r = check_module(rootfs, err);

	if (r < 0)
		return r;
	text_printf(&text,
		    "# dracut.conf(5): for any machine, and the same bytes in each build.\n"
		    "hostonly=\"no\"\n"
		    "hostonly_cmdline=\"no\"\n"
		    "reproducible=\"yes\"\n"
		    "compress=\"%s\"\n",
		    find_compressor(rootfs->recipe->initramfs.compress)->command);
	add_modules(rootfs, &text);
	return settings_write(rootfs, CONFIGURATION, text.data, 0644, err);
}

const struct initramfs_generator initramfs_dracut = {
	.name = "dracut",
	.program = "dracut",
	.path = "/usr/bin/dracut",
	/* The last two bring ip(8), and the protocols(5) that mount.nfs looks up. */
	.package = { "dracut", "dracut-network", "nfs-common", "iproute2", "netbase" },
	.compressor_package = compressor_package,
	/* Its module console-setup leaves files behind. */
	.command = "dracut --force \"/boot/initrd.img-$1\" \"$1\" &&"
		   "rm -rf /var/lib/dracut/console-setup-*",
	.configure = configure,
};
