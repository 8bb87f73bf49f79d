/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "base/memory.h"
#include "base/text.h"
#include "recipe/format.h"

/* On the left are package names that how-tos still give and that bookworm and trixie no longer
 * have, or only as transitional packages; on the right are those that have their content today. */
static const struct {
	const char *before, *now;
} renamed[] = {
	{ "btrfs-tools", "btrfs-progs" },
	{ "cdrecord", "wodim" },
	{ "console-tools", "kbd" },
	{ "crda", "wireless-regdb" },
	{ "ddrescue", "gddrescue" },
	{ "dhcp3-client", "isc-dhcp-client" },
	{ "dhcp3-server", "isc-dhcp-server" },
	{ "dhcpcd5", "dhcpcd" },
	{ "dnsutils", "bind9-dnsutils" },
	{ "exfat-utils", "exfatprogs" },
	{ "ftp", "tnftp" },
	{ "gnupg2", "gnupg" },
	{ "grub", "grub-pc" },
	{ "grub-legacy", "grub-pc" },
	{ "grub2", "grub-pc" },
	{ "ifenslave-2.6", "ifenslave" },
	{ "iproute", "iproute2" },
	{ "linux-image-2.6-amd64", "linux-image-amd64" },
	{ "lvm", "lvm2" },
	{ "memtest86", "memtest86+" },
	{ "mii-diag", "ethtool" },
	{ "module-init-tools", "kmod" },
	{ "nfs-client", "nfs-common" },
	{ "ntfsprogs", "ntfs-3g" },
	{ "ntp", "ntpsec" },
	{ "ntpdate", "ntpsec-ntpdate" },
	{ "nvme", "nvme-cli" },
	{ "openssh", "openssh-server" },
	{ "photorec", "testdisk" },
	{ "policykit-1", "polkitd" },
	{ "python", "python3" },
	{ "raidtools2", "mdadm" },
	{ "rng-tools", "rng-tools5" },
	{ "smartctl", "smartmontools" },
	{ "sshd", "openssh-server" },
	{ "sysvinit", "sysvinit-core" },
	{ "telnet", "inetutils-telnet" },
	{ "tftp", "tftp-hpa" },
	{ "vim-full", "vim" },
};

const char *format_renamed_package(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(renamed); i++)
		if (streq(renamed[i].before, name))
			return renamed[i].now;
	return NULL;
}
