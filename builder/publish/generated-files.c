/* SPDX-License-Identifier: MIT */
#include "publish/generated-files.h"

#include <fnmatch.h>
#include <stddef.h>

#include "base/memory.h"

/* clang-format off */
static const struct generated_file table[] = {
	/* dpkg and apt: their own databases, and what each maintainer script may ask them for. */
	{ "var/lib/dpkg/info/*", NULL, "dpkg", NULL, "dpkg's database" },
	{ "var/lib/dpkg/triggers/*", NULL, "dpkg", NULL, "dpkg's triggers" },
	{ "var/lib/dpkg/status", NULL, "dpkg", NULL, "dpkg's database" },
	{ "var/lib/dpkg/available", NULL, "dpkg", NULL, "dpkg's database" },
	{ "var/lib/dpkg/diversions", NULL, "dpkg", NULL, "dpkg-divert" },
	{ "var/lib/dpkg/statoverride", NULL, "dpkg", NULL, "dpkg-statoverride" },
	{ "var/lib/dpkg/arch", NULL, "dpkg", NULL, "dpkg's database" },
	{ "var/lib/dpkg/arch-native", NULL, "dpkg", NULL, "dpkg's database" },
	{ "var/lib/dpkg/lock*", NULL, "dpkg", NULL, "dpkg's locks" },
	{ "var/lib/dpkg/cmethopt", NULL, "dpkg", NULL, "dpkg's database" },
	{ "var/lib/dpkg/alternatives/*", NULL, "dpkg", NULL, "update-alternatives" },
	{ "etc/alternatives/*", "*", "dpkg", NULL, "update-alternatives" },
	{ "*", "/etc/alternatives/*", "dpkg", NULL, "update-alternatives" },
	{ "var/lib/apt/extended_states", NULL,
	  NULL, "rest", "which packages nobody asked for by name" },

	/* What base packages make once, because their users may change it. */
	{ "etc/passwd", NULL, "base-passwd", NULL, "system users" },
	{ "etc/group", NULL, "base-passwd", NULL, "system users" },
	{ "etc/shadow", NULL, "base-passwd", NULL, "system users" },
	{ "etc/gshadow", NULL, "base-passwd", NULL, "system users" },
	{ "etc/subuid", NULL, "base-passwd", NULL, "system users" },
	{ "etc/subgid", NULL, "base-passwd", NULL, "system users" },
	{ "etc/profile", NULL, "base-files", NULL, "example that users may change" },
	{ "etc/motd", NULL, "base-files", NULL, "example that users may change" },
	{ "root/.bashrc", NULL, "base-files", NULL, "example that users may change" },
	{ "root/.profile", NULL, "base-files", NULL, "example that users may change" },
	{ "etc/dpkg/origins/default", NULL, "base-files", NULL, "which distribution" },
	{ "usr/share/info/dir", NULL, "base-files", NULL, "menu of Info, sorted" },
	{ "usr/local/man", NULL, "base-files", NULL, "place for local files" },
	{ "var/spool/mail", NULL, "base-files", NULL, "link of the old place" },
	{ "var/log/btmp", NULL, "base-files", NULL, "log, emptied" },
	{ "var/log/wtmp", NULL, "base-files", NULL, "log, emptied" },
	{ "var/log/lastlog", NULL, "base-files", NULL, "log, emptied" },
	{ "var/log/faillog", NULL, "base-files", NULL, "log, emptied" },
	{ "etc/mtab", NULL, "*mount", NULL, "link into /proc" },
	{ "etc/nsswitch.conf", NULL, "libc-bin", NULL, "example that users may change" },
	{ "etc/nsswitch.conf", NULL, "base-files", NULL, "example that users may change" },
	{ "etc/ld.so.cache", NULL, "libc-bin", NULL, "ldconfig" },
	{ "etc/shells", NULL, "debianutils", NULL, "update-shells" },
	{ "var/lib/shells.state", NULL, "debianutils", NULL, "update-shells" },
	{ "etc/inputrc", NULL, "readline-common", NULL, "example that users may change" },
	{ "etc/networks", NULL, "netbase", NULL, "names of networks" },
	{ "etc/hosts.allow", NULL, "libwrap0*", NULL, "example that users may change" },
	{ "etc/hosts.deny", NULL, "libwrap0*", NULL, "example that users may change" },
	{ "etc/environment", NULL, "libpam-modules*", NULL, "empty, for users to fill" },
	{ "etc/security/opasswd", NULL, "libpam-modules*", NULL, "old passwords: none" },
	{ "etc/pam.d/common-*", NULL, "libpam-runtime", NULL, "pam-auth-update" },
	{ "var/lib/pam/*", NULL, "libpam-runtime", NULL, "pam-auth-update" },
	{ "usr/sbin/rmt", NULL, "tar", NULL, "update-alternatives" },
	{ "var/cache/debconf/*.dat", NULL,
	  "debconf", NULL, "answers of the recipe and of packages" },
	{ "var/lib/ucf/*", NULL, "ucf", NULL, "configuration that users may change" },

	/* Locale, time, console. */
	{ "usr/lib/locale/locale-archive", NULL,
	  "locales", NULL, "locale-gen for the recipe's locales" },
	{ "etc/locale.gen", NULL, "locales", NULL, "the recipe's locales" },
	{ "etc/locale.conf", NULL, "locales", NULL, "the recipe's default locale" },
	{ "etc/default/locale", NULL, "locales", NULL, "the recipe's default locale" },
	{ "etc/locale.conf", NULL, "systemd", NULL, "the recipe's default locale" },
	{ "etc/localtime", NULL, "tzdata", NULL, "the recipe's time zone" },
	{ "etc/timezone", NULL, "tzdata", NULL, "the recipe's time zone" },
	{ "etc/default/keyboard", NULL, "keyboard-configuration", NULL, "the recipe's keymap" },
	{ "etc/vconsole.conf", NULL, "systemd", NULL, "the recipe's keymap" },
	{ "etc/vconsole.conf", NULL, "keyboard-configuration", NULL, "the recipe's keymap" },
	{ "etc/default/console-setup", NULL, "console-setup", NULL, "the recipe's console" },
	{ "etc/console-setup/cached_*", NULL,
	  "console-setup*", "settings", "setupcon: keymap and font" },

	/* Init systems. */
	{ "etc/rc?.d/[SK][0-9][0-9]*", "../init.d/*", "init-system-helpers", NULL, "update-rc.d" },
	{ "etc/init.d/.depend.*", NULL, "insserv", NULL, "insserv, sorted" },
	{ "etc/inittab", NULL, "sysvinit-core", NULL, "example that users may change" },
	{ "etc/runit/runsvdir/*", NULL, "init-system-helpers", NULL, "update-rc.d" },
	{ "var/log/fsck/*", NULL, "initscripts", NULL, "logs of checks: empty" },
	{ "etc/systemd/*", "*/lib/systemd/*",
	  "init-system-helpers", NULL, "deb-systemd-helper or systemctl" },
	{ "etc/systemd/*", "/dev/null", "init-system-helpers", NULL, "services that are masked" },
	{ "var/lib/systemd/deb-systemd-helper-*", NULL,
	  "init-system-helpers", NULL, "deb-systemd-helper" },
	{ "var/lib/systemd/deb-systemd-user-helper-*", NULL,
	  "init-system-helpers", NULL, "deb-systemd-helper" },
	{ "etc/machine-id", NULL, "systemd", NULL, "empty: each machine gets its own" },
	{ "etc/machine-id", NULL, "dbus*", NULL, "empty: each machine gets its own" },
	{ "var/lib/dbus/machine-id", "*/etc/machine-id", "dbus*", NULL, "link to the machine's" },
	{ "var/lib/systemd/catalog/database", NULL,
	  "systemd", NULL, "journalctl --update-catalog" },
	{ "usr/lib/udev/hwdb.bin", NULL, "*udev*", NULL, "systemd-hwdb update" },
	{ "usr/lib/udev/hwdb.bin", NULL, "systemd*", NULL, "systemd-hwdb update" },
	{ "var/log/README", NULL, "systemd", NULL, "link to systemd's words on logs" },
	{ "usr/lib/systemd/system/screen-cleanup.service", "/dev/null",
	  "screen", NULL, "masked by its script" },
	{ "etc/tmpfiles.d/screen-cleanup.conf", NULL, "screen", NULL, "its script" },
	{ "etc/.updated", NULL, NULL, "normalise", "mark for systemd that caches are fresh" },
	{ "var/.updated", NULL, NULL, "normalise", "mark for systemd that caches are fresh" },

	/* Kernel and initramfs. */
	{ "boot/initrd.img-*", NULL, "initramfs-tools*", "initramfs", "update-initramfs" },
	{ "etc/initramfs-tools/conf.d/netrescue", NULL,
	  NULL, "initramfs", "the recipe's initramfs" },
	{ "etc/initramfs-tools/modules", NULL,
	  "initramfs-tools*", "initramfs", "the recipe's modules" },
	{ "var/lib/initramfs-tools/*", NULL, "initramfs-tools*", "initramfs", "update-initramfs" },
	{ "boot/initrd.img-*", NULL, "dracut*", "initramfs", "dracut" },
	{ "etc/dracut.conf.d/netrescue.conf", NULL, NULL, "initramfs", "the recipe's initramfs" },
	{ "usr/lib/modules/*/modules.*", NULL, "kmod", NULL, "depmod" },
	{ "lib/modules/*/modules.*", NULL, "kmod", NULL, "depmod" },
	{ "etc/modules", NULL, "kmod", NULL, "example that users may change" },
	{ "vmlinuz*", "boot/vmlinuz-*", "linux-image-*", NULL, "link to the kernel" },
	{ "initrd.img*", "boot/initrd.img-*", "linux-image-*", NULL, "link to its initramfs" },
	{ "vmlinuz*", "boot/vmlinuz-*", "linux-base", NULL, "link to the kernel" },
	{ "initrd.img*", "boot/initrd.img-*", "linux-base", NULL, "link to its initramfs" },
	{ "usr/lib/modules/*/updates/dkms/*", NULL, "dkms", NULL, "module that dkms has built" },
	{ "lib/modules/*/updates/dkms/*", NULL, "dkms", NULL, "module that dkms has built" },
	{ "var/lib/dkms/*", NULL, "dkms", NULL, "what dkms knows of its modules" },

	/* Other packages of Debian's that make files of their own. */
	{ "*/__pycache__/*.pyc", NULL, "python3*", NULL, "py3compile" },
	{ "etc/python3/debian_config", NULL, "python3*", NULL, "example that users may change" },
	{ "var/lib/python/python3*_installed", NULL, "python3*", NULL, "mark of its script" },
	{ "etc/ca-certificates.conf", NULL,
	  "ca-certificates", NULL, "which certificates are trusted: all" },
	{ "etc/ssl/certs/*.pem", "/usr/share/ca-certificates/*",
	  "ca-certificates", NULL, "update-ca-certificates" },
	{ "etc/ssl/certs/*.[0-9]*", "*.pem", "openssl", NULL, "links by hash to certificates" },
	{ "etc/ssl/certs/ca-certificates.crt", NULL,
	  "ca-certificates", NULL, "update-ca-certificates" },
	{ "etc/ssh/sshd_config", NULL, "openssh-server", NULL, "example that users may change" },
	{ "etc/idmapd.conf", NULL, "nfs-common", NULL, "configuration through ucf" },
	{ "etc/nfs.conf", NULL, "nfs-common", NULL, "configuration through ucf" },
	{ "var/lib/nfs/state", NULL, "nfs-common", NULL, "state of rpc.statd: none" },
	{ "etc/exports", NULL, "nfs-kernel-server", NULL, "configuration through ucf" },
	{ "var/lib/nfs/etab", NULL, "nfs-kernel-server", NULL, "state of exportfs: none" },
	{ "var/lib/nfs/rmtab", NULL, "nfs-kernel-server", NULL, "state of mountd: none" },
	{ "etc/default/nfs-kernel-server", NULL,
	  "nfs-kernel-server", NULL, "configuration through ucf" },
	{ "etc/default/mdadm", NULL, "mdadm", NULL, "answers of debconf" },
	{ "etc/default/isc-dhcp-server", NULL, "isc-dhcp-server", NULL, "answers of debconf" },
	{ "etc/default/tftpd-hpa", NULL, "tftpd-hpa", NULL, "answers of debconf" },
	{ "etc/apparmor.d/local/*", NULL, "isc-dhcp*", NULL, "empty, for users to fill" },
	{ "var/lib/smartmontools/drivedb/*", NULL, "smartmontools", NULL, "its database of disks" },
	{ "var/lib/wtmpdb/wtmp.db", NULL, "libwtmpdb0*", NULL, "link to the log of logins" },
};
/* clang-format on */

const struct generated_file *generated_file_find(const char *path, const char *target,
						 bool (*installed)(const char *pattern,
								   const char **ret, void *data),
						 void *data, const char **ret_package)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		const struct generated_file *file = &table[i];

		*ret_package = NULL;
		if (fnmatch(file->pattern, path, 0) != 0)
			continue;
		if (file->target && (!target || fnmatch(file->target, target, 0) != 0))
			continue;
		if (!file->package || installed(file->package, ret_package, data))
			return file;
	}
	return NULL;
}
