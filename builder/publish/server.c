/* SPDX-License-Identifier: MIT */
#include "publish/server.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "publish/result.h"

static bool is_set(const char *s)
{
	return s && *s;
}

static bool is_address(const char *s, uint32_t *ret)
{
	struct in_addr a;

	if (!is_set(s) || inet_pton(AF_INET, s, &a) != 1)
		return false;
	*ret = ntohl(a.s_addr);
	return true;
}

static bool is_netmask(uint32_t mask)
{
	uint32_t inverse = ~mask;

	return (inverse & (inverse + 1)) == 0;
}

static unsigned prefix_length(uint32_t mask)
{
	return (unsigned)__builtin_popcount(mask);
}

/* What the shell, exports(5) and dhcpd's strings take without quoting. */
static bool is_plain(const char *s)
{
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("/._-+:@", *s))
			return false;
	return true;
}

static int check_path(const char *key, const char *path, struct err *err)
{
	if (is_set(path) && *path == '/' && is_plain(path))
		return 0;
	err_set(err, ERR_USAGE, "%s is no absolute path that every server file can hold: '%s'", key,
		path ? path : "");
	return err_hint(err, "use letters, digits and / . _ - + : @");
}

static int check_word(const char *key, const char *word, struct err *err)
{
	if (!is_set(word) || (is_plain(word) && !strchr(word, '/')))
		return 0;
	return err_set(err, ERR_USAGE, "%s is not one plain word: '%s'", key, word);
}

static int check_address(const char *key, const char *address, uint32_t *ret, struct err *err)
{
	if (is_address(address, ret))
		return 0;
	return err_set(err, ERR_USAGE, "%s is no IPv4 address: '%s'", key, address ? address : "");
}

static int check_in_subnet(const char *key, const char *address, uint32_t subnet, uint32_t mask,
			   struct err *err)
{
	uint32_t a = 0;
	int r;

	if (!is_set(address))
		return 0;
	r = check_address(key, address, &a, err);
	if (r >= 0 && (a & mask) != subnet)
		r = err_set(err, ERR_USAGE, "%s is not in the server's subnet: '%s'", key, address);
	return r;
}

static int check_network(const struct recipe *recipe, struct err *err)
{
	uint32_t address = 0, subnet = 0, mask = 0, nameserver = 0, first = 0, last = 0;
	int r = check_address("server.address", recipe->server.address, &address, err);

	if (r >= 0)
		r = check_address("server.subnet", recipe->server.subnet, &subnet, err);
	if (r >= 0)
		r = check_address("server.netmask", recipe->server.netmask, &mask, err);
	if (r >= 0 && !is_netmask(mask))
		r = err_set(err, ERR_USAGE, "server.netmask is no netmask: '%s'",
			    recipe->server.netmask);
	if (r >= 0 && (subnet & mask) != subnet)
		r = err_set(err, ERR_USAGE,
			    "server.subnet has bits that server.netmask %s clears: "
			    "'%s'",
			    recipe->server.netmask, recipe->server.subnet);
	if (r >= 0)
		r = check_in_subnet("server.range", recipe->server.range_first, subnet, mask, err);
	if (r >= 0)
		r = check_in_subnet("server.range", recipe->server.range_last, subnet, mask, err);
	if (r >= 0)
		r = check_in_subnet("server.router", recipe->server.router, subnet, mask, err);
	if (r >= 0 && is_set(recipe->server.nameserver))
		r = check_address("server.nameserver", recipe->server.nameserver, &nameserver, err);
	if (r >= 0 && is_address(recipe->server.range_first, &first) &&
	    is_address(recipe->server.range_last, &last) && first > last)
		r = err_set(err, ERR_USAGE, "server.range ends before it begins: '%s' to '%s'",
			    recipe->server.range_first, recipe->server.range_last);
	return r;
}

int server_check(const struct recipe *recipe, struct err *err)
{
	int r = check_network(recipe, err);

	if (r >= 0)
		r = check_path("nfs.path", recipe->nfs.path, err);
	if (r >= 0)
		r = check_path("server.tftp-root", recipe->server.tftp_root, err);
	if (r >= 0)
		r = check_word("server.domain", recipe->server.domain, err);
	if (r >= 0)
		r = check_word("server.interface", recipe->server.interface, err);
	return r;
}

char *server_dhcpd(const struct recipe *recipe)
{
	CLEANUP(text_release) struct text t = { 0 };

	text_printf(&t,
		    "# %s: network boot, for /etc/dhcp/dhcpd.conf of ISC dhcpd.\n"
		    "# If the file has this subnet already, add next-server and filename to it.\n",
		    recipe->name);
	if (is_set(recipe->server.interface))
		text_printf(&t, "# /etc/default/isc-dhcp-server: INTERFACESv4=\"%s\"\n",
			    recipe->server.interface);
	text_printf(&t, "\nsubnet %s netmask %s {\n", recipe->server.subnet,
		    recipe->server.netmask);
	if (is_set(recipe->server.range_first) && is_set(recipe->server.range_last))
		text_printf(&t, "\trange %s %s;\n", recipe->server.range_first,
			    recipe->server.range_last);
	if (is_set(recipe->server.router))
		text_printf(&t, "\toption routers %s;\n", recipe->server.router);
	if (is_set(recipe->server.nameserver))
		text_printf(&t, "\toption domain-name-servers %s;\n", recipe->server.nameserver);
	if (is_set(recipe->server.domain))
		text_printf(&t, "\toption domain-name \"%s\";\n", recipe->server.domain);
	text_printf(&t, "\tnext-server %s;\n\tfilename \"pxelinux.0\";\n}\n",
		    recipe->server.address);
	return text_take(&t);
}

static bool is_writable(const struct recipe *recipe)
{
	for (size_t i = 0; i < recipe->menu.entry_count; i++)
		if (recipe->menu.entry[i].kind == MENU_RESCUE &&
		    recipe->menu.entry[i].access == NFS_RW)
			return true;
	return recipe->nfs.access == NFS_RW;
}

/* The root of the clients owns the root file system: squashed, it could not even read its host keys. */
char *server_exports(const struct recipe *recipe)
{
	CLEANUP(text_release) struct text t = { 0 };
	uint32_t mask = 0;

	(void)is_address(recipe->server.netmask, &mask);
	text_printf(&t,
		    "# %s: for /etc/exports, or a file of its own in /etc/exports.d that ends in "
		    ".exports.\n# One export for all versions: clients mount the directory of "
		    "theirs (NFSv3).\n",
		    recipe->name);
	text_printf(&t, "%s %s/%u(%s,no_subtree_check,no_root_squash)\n", recipe->nfs.path,
		    recipe->server.subnet, prefix_length(mask), is_writable(recipe) ? "rw" : "ro");
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

	return result_write(res, path, owned, strlen(owned), err);
}

int publish_server(struct result *res, struct err *err)
{
	const struct recipe *recipe = res->recipe;
	int r = server_check(recipe, err);

	if (r >= 0)
		r = write_snippet(res, "server/dhcpd.conf", server_dhcpd(recipe), err);
	if (r >= 0)
		r = write_snippet(res, "server/exports", server_exports(recipe), err);
	if (r >= 0)
		r = write_snippet(res, "server/tftpd-hpa", server_tftpd(recipe), err);
	if (r >= 0)
		r = write_snippet(res, "server/README", server_readme(recipe, res->version), err);
	return r < 0 ? err_wrap(err, "writing the server's snippets") : 0;
}
