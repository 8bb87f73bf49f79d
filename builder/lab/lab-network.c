/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "lab/lab-parts.h"

static void add_server_wire(struct lab *l, unsigned number)
{
	cleanup_free char *path = server_wire(l->options->directory, number);
	cleanup_free char *quoted = qemu_path(path);

	strv_addf(&l->netdevs, "stream,id=n,server=off,addr.type=unix,addr.path=%s", quoted);
}

/* What dhcpd's snippet gives to such a client, here from QEMU. Its next-server is the host. */
static int add_simple(struct lab *l, struct err *err)
{
	cleanup_free char *tftp = xasprintf("%s/tftp", l->options->image->path);
	cleanup_free char *quoted = qemu_path(tftp);

	(void)err;
	strv_addf(&l->netdevs, "user,id=n,tftp=%s,bootfile=%s", quoted,
		  l->options->firmware == CLIENT_BIOS ? "pxelinux.0" : "efi64/shimx64.efi");
	return 0;
}

static struct client_options client_options(const struct lab *l, const char *netdev)
{
	const struct lab_options *o = l->options;

	return (struct client_options){
		.directory = o->directory,
		.accel = l->accel,
		.firmware = o->firmware,
		.nic = o->nic,
		.memory = o->memory,
		.netdev = netdev,
		.disks = o->disks,
		.arguments = o->arguments,
		.display = o->display,
		.image = o->image,
		.entry = l->entry,
		.expect = o->expect,
		.screenshots = o->screenshot,
		.script = o->script,
		.reboot = o->reboot,
		.patience = l->patience,
		.store = o->store,
		.server = o->server,
	};
}

int lab_plug_in(struct lab *l, unsigned count, struct err *err)
{
	int r = 0;

	for (unsigned i = 1; r >= 0 && i <= count; i++) {
		if (l->options->network == LAB_SERVER)
			add_server_wire(l, i);
		else
			r = add_simple(l, err);
	}
	if (r < 0)
		return r;
	l->client = xcalloc(count, sizeof(*l->client));
	for (unsigned i = 0; i < count; i++)
		l->client[i] = client_options(l, l->netdevs.item[i]);
	return 0;
}

void lab_release(struct lab *l)
{
	machine_release(&l->server);
	strv_release(&l->netdevs);
	strv_release(&l->tap_arguments);
	free(l->client);
	*l = (struct lab){ .server = MACHINE_INIT };
}
