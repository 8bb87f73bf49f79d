/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/memory.h"
#include "lab/bridge.h"
#include "lab/lab-parts.h"
#include "lab/served.h"

static void add_server_socket(struct lab *l, unsigned number)
{
	cleanup_free char *path = lab_server_socket(l->options->directory, number);
	cleanup_free char *quoted = qemu_path(path);

	strv_addf(&l->netdevs, "stream,id=n,server=off,addr.type=unix,addr.path=%s", quoted);
}

/* QEMU gives such a client what server/dhcpd.conf would; its next-server is the host. Where the
 * client is not to get as far as its root it reaches nothing else. */
static int add_simple(struct lab *l, struct err *err)
{
	const struct lab_options *o = l->options;
	const bool alone = o->until && client_ends_before_root(o->until);
	int r = served_check(o->image, err);

	if (r < 0)
		return r;
	cleanup_free char *tftp = xasprintf("%s/tftp", o->image->path);
	cleanup_free char *quoted = qemu_path(tftp);

	strv_addf(&l->netdevs, "user,id=n,restrict=%s,tftp=%s,bootfile=%s", alone ? "on" : "off",
		  quoted, o->firmware == CLIENT_BIOS ? "pxelinux.0" : "efi64/shimx64.efi");
	return 0;
}

static int add_tap(struct lab *l, struct client_options *client, struct err *err)
{
	int r = bridge_plug_in(l->options->bridge, &client->tap, err);

	if (r < 0)
		return r;
	strv_addf(&l->netdevs, "tap,id=n,fd=%d", MACHINE_TAP_FD);
	return 0;
}

/* All but its connection. */
static struct client_options client_options(const struct lab *l)
{
	const struct lab_options *o = l->options;

	return (struct client_options){
		.directory = o->directory,
		.accel = l->accel,
		.firmware = o->firmware,
		.nic = o->nic,
		.memory = o->memory,
		.simple = o->network == LAB_SIMPLE,
		.disks = o->disks,
		.arguments = o->arguments,
		.display = o->display,
		.image = o->image,
		.entry = l->entry,
		.expect = o->expect,
		.until = o->until,
		.screenshots = o->screenshot,
		.script = o->script,
		.reboot = o->reboot,
		.patience = l->patience,
		.store = o->store,
		.server = o->server,
	};
}

static int connect_client(struct lab *l, unsigned n, struct err *err)
{
	int r = 0;

	l->client[n] = client_options(l);
	switch (l->options->network) {
	case LAB_SERVER:
		add_server_socket(l, n + 1);
		break;
	case LAB_SIMPLE:
		r = add_simple(l, err);
		break;
	case LAB_BRIDGE:
		r = add_tap(l, &l->client[n], err);
		break;
	}
	if (r < 0)
		return r;
	l->client[n].netdev = l->netdevs.item[n];
	return 0;
}

int lab_connect(struct lab *l, unsigned count, struct err *err)
{
	int r = 0;

	l->client = xcalloc(count, sizeof(*l->client));
	l->client_count = count;
	for (unsigned n = 0; r == 0 && n < count; n++)
		r = connect_client(l, n, err);
	return r;
}
