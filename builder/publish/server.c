/* SPDX-License-Identifier: MIT */
#include "publish/server.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "publish/result-files.h"
#include "publish/tftp.h"
#include "recipe/format.h"

/* Option 93 by RFC 4578 and its registry of processor architecture types. 00:07 is x86-64; firmware
 * made after an older draft says 00:09. */
static void add_filename(struct text *t, const struct recipe *recipe)
{
	if (!recipe_boots(recipe, FIRMWARE_UEFI)) {
		text_add(t, "\tfilename \"pxelinux.0\";\n");
		return;
	}
	text_add(t,
		 "\t# UEFI of 64-bit PCs; then BIOS, also where a client does not say what it is.\n"
		 "\t# Others, such as 32-bit UEFI (00:06), ARM or HTTP boot, get no file:\n"
		 "\t# there is none for them.\n"
		 "\tif option arch = 00:07 or option arch = 00:09 {\n"
		 "\t\tfilename \"" TFTP_SHIM "\";\n\t}");
	if (recipe_boots(recipe, FIRMWARE_BIOS))
		text_add(t, " elsif option arch = 00:00 or not exists arch {\n"
			    "\t\tfilename \"pxelinux.0\";\n\t}");
	text_add(t, "\n");
}

char *server_dhcpd(const struct recipe *recipe)
{
	CLEANUP(text_release) struct text t = { 0 };
	const bool uefi = recipe_boots(recipe, FIRMWARE_UEFI);

	text_printf(&t,
		    "# %s: network boot, for /etc/dhcp/dhcpd.conf of ISC dhcpd.\n"
		    "# If the file has this subnet already, add next-server and %s to it.\n",
		    recipe->name, uefi ? "the conditions" : "filename");
	text_printf(&t, "# /etc/default/isc-dhcp-server: INTERFACESv4=\"%s\"\n",
		    recipe->server.interface);
	if (uefi)
		text_add(&t, "\noption arch code 93 = unsigned integer 16;\n");
	text_printf(&t, "\nsubnet %s netmask %s {\n", recipe->server.subnet,
		    recipe->server.netmask);
	text_printf(&t, "\trange %s %s;\n", recipe->server.range_first, recipe->server.range_last);
	text_printf(&t, "\toption routers %s;\n", recipe->server.router);
	text_printf(&t, "\toption domain-name-servers %s;\n", recipe->server.nameserver);
	text_printf(&t, "\toption domain-name \"%s\";\n", recipe->server.domain);
	text_printf(&t, "\tnext-server %s;\n", recipe->server.address);
	add_filename(&t, recipe);
	text_add(&t, "}\n");
	return text_take(&t);
}

static unsigned prefix_length(const char *netmask)
{
	uint32_t mask = 0;

	if (!format_parse_address(netmask, &mask))
		abort();
	return (unsigned)__builtin_popcount(mask);
}

/* The clients' root must not be squashed: it owns the root file system, and could not even read the
 * SSH host keys otherwise. */
char *server_exports(const struct recipe *recipe)
{
	CLEANUP(text_release) struct text t = { 0 };

	text_printf(&t,
		    "# %s: for /etc/exports, or a file of its own in /etc/exports.d that ends in "
		    ".exports.\n# One export for all versions: clients mount the directory of "
		    "theirs (NFSv3).\n",
		    recipe->name);
	text_printf(&t, "%s %s/%u(%s,no_subtree_check,no_root_squash)\n", recipe->nfs.path,
		    recipe->server.subnet, prefix_length(recipe->server.netmask),
		    recipe->nfs.access == NFS_RW ? "rw" : "ro");
	return text_take(&t);
}

char *server_tftpd(const struct recipe *recipe)
{
	CLEANUP(text_release) struct text t = { 0 };

	text_printf(&t, "# %s: /etc/default/tftpd-hpa. -vv logs every file that is asked for.\n",
		    recipe->name);
	text_add(&t, "TFTP_USERNAME=\"tftp\"\n");
	text_printf(&t, "TFTP_DIRECTORY=\"%s\"\n", recipe->server.tftp_root);
	text_add(&t, "TFTP_ADDRESS=\":69\"\nTFTP_OPTIONS=\"--secure -vv\"\n");
	return text_take(&t);
}

static int write_snippet(struct result *res, const char *path, char *text, struct err *err)
{
	cleanup_free char *owned = text;
	int r = result_write(res, path, owned, strlen(owned), err);

	return r < 0 ? err_wrap(err, "writing the server's snippets") : 0;
}

int result_add_server(struct result *res, struct err *err)
{
	const struct recipe *recipe = res->recipe;
	int r = write_snippet(res, "server/dhcpd.conf", server_dhcpd(recipe), err);

	if (r < 0)
		return r;
	r = write_snippet(res, "server/exports", server_exports(recipe), err);
	if (r < 0)
		return r;
	r = write_snippet(res, "server/tftpd-hpa", server_tftpd(recipe), err);
	if (r < 0)
		return r;
	return write_snippet(res, "server/README", server_readme(recipe, res->version), err);
}

static void add_root(struct text *t, const struct recipe *recipe, const char *version)
{
	const char *path = recipe->nfs.path;

	text_printf(t,
		    "2. The root file system:\n\n"
		    "       rsync --chmod=F600 rootfs.tar.zst root@%s:%s/\n\n"
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
		    "       rsync -rlt --chmod=D755,F644 tftp/kernel %s\n"
		    "       rsync -rlt --chmod=D755,F644 --exclude=/menu/current%s%s tftp/ %s\n"
		    "       rsync -rlt --chmod=D755,F644 tftp/ %s\n\n",
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
	text_printf(
		&t,
		"1. Once, as root on the server:\n\n"
		"       apt install isc-dhcp-server tftpd-hpa nfs-kernel-server rsync zstd\n"
		"       mkdir -p %s\n"
		"       install -d -m 700 %s\n\n"
		"   The second directory is root's alone: what is unpacked there has password\n"
		"   hashes and setuid programs, which are not for the server's own users. NFS\n"
		"   clients get through all the same: whoever has an address of the subnet can\n"
		"   read all of it.\n\n"
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
