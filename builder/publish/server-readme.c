/* SPDX-License-Identifier: MIT */
#include "publish/server.h"

#include "base/memory.h"
#include "base/text.h"

static void add_root(struct text *t, const struct recipe *recipe, const char *version)
{
	const char *path = recipe->nfs.path;

	text_printf(t,
		    "2. The root file system:\n\n"
		    "       rsync rootfs.tar.zst root@%s:%s/\n\n"
		    "   Then as root on the server. It gets its name only when it is complete:\n\n"
		    "       cd %s\n"
		    "       mkdir %s.part\n"
		    "       tar --zstd --numeric-owner --xattrs --xattrs-include='*' --acls \\\n"
		    "           -xpf rootfs.tar.zst -C %s.part\n"
		    "       mv %s.part %s\n"
		    "       rm rootfs.tar.zst\n\n",
		    recipe->server.address, path, path, version, version, version, version);
}

static void add_tftp(struct text *t, const struct recipe *recipe)
{
	cleanup_free char *to =
		xasprintf("root@%s:%s/", recipe->server.address, recipe->server.tftp_root);

	text_printf(t,
		    "3. The TFTP tree: kernels first, what points at them last, so that no client\n"
		    "   is sent to a file that is not there yet:\n\n"
		    "       rsync -rlt tftp/kernel %s\n"
		    "       rsync -rlt --exclude=/menu/current%s%s tftp/ %s\n"
		    "       rsync -rlt tftp/ %s\n\n",
		    to, recipe_boots(recipe, FIRMWARE_BIOS) ? " --exclude=/pxelinux.cfg" : "",
		    recipe_boots(recipe, FIRMWARE_UEFI) ? " --exclude=/grub" : "", to, to);
	text_printf(
		t,
		"Going back to an earlier version that is on the server, as root there:\n\n"
		"       cd %s/menu && ln -s VERSION new && mv -T new current\n\n"
		"Running clients keep the root they booted from. Remove a version's folders in\n"
		"%s, %s/menu and\n%s/kernel/%s\nonly when no client uses it any more.\n",
		recipe->server.tftp_root, recipe->nfs.path, recipe->server.tftp_root,
		recipe->server.tftp_root, recipe->name);
}

char *server_readme(const struct recipe *recipe, const char *version)
{
	CLEANUP(text_release) struct text t = { 0 };

	text_printf(&t, "%s %s on a server\n\n", recipe->name, version);
	text_printf(&t,
		    "The server is a stock Debian with the address %s. Commands run in the\n"
		    "directory above this one, except where it says otherwise.\n\n",
		    recipe->server.address);
	text_printf(&t,
		    "1. Once, as root on the server:\n\n"
		    "       apt install isc-dhcp-server tftpd-hpa nfs-kernel-server rsync zstd\n"
		    "       mkdir -p %s %s\n\n"
		    "   Add the snippets beside this file: dhcpd.conf to /etc/dhcp/dhcpd.conf,\n"
		    "   exports to /etc/exports; tftpd-hpa replaces /etc/default/tftpd-hpa.\n\n"
		    "       dhcpd -t -cf /etc/dhcp/dhcpd.conf\n"
		    "       exportfs -ra\n"
		    "       systemctl restart isc-dhcp-server tftpd-hpa\n\n",
		    recipe->server.tftp_root, recipe->nfs.path);
	add_root(&t, recipe, version);
	if (recipe->menu.entry_count)
		add_tftp(&t, recipe);
	return text_take(&t);
}
