/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/memory.h"
#include "lab/client-parts.h"

#define TFTP_PORT 69

/* Files that loaders ask for although a server need not have them: menus for this one machine,
 * lists of revoked certificates, GRUB's modules. */
static bool is_optional(const char *file)
{
	static const char *const part[] = { "pxelinux.cfg/", "revocations", "shim_certificate",
					    "x86_64-efi/",   "grub.cfg-",   "ldlinux.e" };

	for (size_t i = 0; i < ARRAY_SIZE(part); i++)
		if (strstr(file, part[i]))
			return true;
	return false;
}

static bool is_problem(const struct capture_event *e)
{
	switch (e->kind) {
	case CAPTURE_TFTP_ERROR:
		return !e->tftp.by_client && !is_optional(e->tftp.file);
	case CAPTURE_REFUSED:
	case CAPTURE_SILENCE:
		return true;
	case CAPTURE_RPC_REPLY:
		return e->rpc.status != CAPTURE_RPC_OK;
	case CAPTURE_DHCP:
		return e->dhcp.type == CAPTURE_DHCP_NAK || e->dhcp.type == CAPTURE_DHCP_DECLINE;
	case CAPTURE_TFTP_ASKED:
	case CAPTURE_TFTP_DONE:
	case CAPTURE_CONNECT:
	case CAPTURE_RPC_CALL:
		return false;
	}
	return false;
}

static void note_dhcp(struct client *c, const struct capture_dhcp *d)
{
	bool asks = d->type == CAPTURE_DHCP_DISCOVER || d->type == CAPTURE_DHCP_REQUEST;

	if (d->asker == CAPTURE_ASKER_FIRMWARE) {
		c->asked_address |= asks;
		c->has_address |= d->type == CAPTURE_DHCP_ACK;
		/* In an offer, too: the server that names it need not be the one that gives the
		 * address. */
		c->has_file_name |= d->file[0] != '\0';
	}
	/* klibc's ipconfig says who it is, systemd-networkd does not. */
	c->initramfs_asked_address |=
		asks && (d->asker == CAPTURE_ASKER_INITRAMFS || d->asker == CAPTURE_ASKER_OTHER);
}

/* The first file is the loader, whatever dhcpd called it. */
static void note_file(struct client *c, const struct capture_tftp *t)
{
	if (ends_with(t->file, "/vmlinuz"))
		c->kernel_sent = true;
	else if (ends_with(t->file, "/initrd.img"))
		c->initrd_sent = true;
	else if (strstr(t->file, "pxelinux.cfg/") || strstr(t->file, "grub.cfg"))
		c->menu_sent = true;
	else
		c->loader_sent = true;
}

static void note_rpc(struct client *c, const struct capture_event *e)
{
	const struct capture_rpc *rpc = &e->rpc;

	if (e->kind == CAPTURE_RPC_CALL) {
		c->reads_root |= rpc->program == CAPTURE_RPC_NFS;
		return;
	}
	c->mounted |= rpc->program == CAPTURE_RPC_MOUNT && rpc->procedure == 1 &&
		      rpc->status == CAPTURE_RPC_OK;
	if (rpc->status != CAPTURE_RPC_OK) {
		c->refused++;
		c->refusal = rpc->status;
		c->refusal_code = rpc->code;
	}
}

/* The hub sends every client's packets to all. */
static bool is_mine(const struct client *c, const struct capture_event *e)
{
	return memcmp(e->mac, c->mac, sizeof(c->mac)) == 0;
}

void client_event(const struct capture_event *e, void *data)
{
	struct client *c = data;

	if (!is_mine(c, e))
		return;
	if (e->kind == CAPTURE_DHCP)
		note_dhcp(c, &e->dhcp);
	else if (e->kind == CAPTURE_TFTP_DONE)
		note_file(c, &e->tftp);
	else if (e->kind == CAPTURE_TFTP_ASKED)
		c->kernel_asked |= strstr(e->tftp.file, "kernel/") != NULL;
	else if (e->kind == CAPTURE_RPC_CALL || e->kind == CAPTURE_RPC_REPLY)
		note_rpc(c, e);
	if (e->kind == CAPTURE_REFUSED && e->port.number != TFTP_PORT)
		c->closed++;
	else if (e->kind == CAPTURE_RPC_REPLY)
		c->closed = 0;
	if (is_problem(e)) {
		text_release(&c->last_problem);
		capture_describe(e, &c->last_problem);
	}
}
