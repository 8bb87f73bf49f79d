/* SPDX-License-Identifier: MIT */
#include "lab/lab-server.h"

#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "recipe/format.h"

#define FAST_INIT "/usr/lib/netrescue-lab/init"
#define READY "netrescue-lab: ready"
#define FAILED "netrescue-lab: failed: "
#define POLL_MS 100
#define TOUCH_TIMEOUT_S 60
#define LAST_LINES 8
#define MEMORY "512"
#define MAC "52:54:00:6c:61:62"

char *lab_server_socket(const char *directory, unsigned number)
{
	return xasprintf("%s/wire%u", directory, number);
}

static void add_disk(struct strv *v, const char *path)
{
	cleanup_free char *quoted = qemu_path(path);

	strv_add(v, "-drive");
	strv_addf(v, "if=virtio,format=raw,snapshot=on,cache=unsafe,file=%s", quoted);
}

static void add_sockets(struct strv *v, const struct lab_server_options *o)
{
	strv_add(v, "-netdev");
	strv_add(v, "hubport,id=card,hubid=0");
	strv_add(v, "-device");
	strv_add(v, "virtio-net-pci,netdev=card,romfile=,mac=" MAC);
	for (unsigned i = 1; i <= o->clients; i++) {
		cleanup_free char *path = lab_server_socket(o->directory, i);
		cleanup_free char *quoted = qemu_path(path);

		strv_add(v, "-netdev");
		strv_addf(v, "stream,id=wire%u,server=on,addr.type=unix,addr.path=%s", i, quoted);
		strv_add(v, "-netdev");
		strv_addf(v, "hubport,id=plug%u,hubid=0,netdev=wire%u", i, i);
	}
}

static int add_kernel(struct strv *v, const struct lab_server_options *o, struct err *err)
{
	const struct image *s = o->server, *i = o->image;
	cleanup_free char *directory =
		xasprintf("%s/tftp/kernel/%s/%s", s->path, s->recipe, s->version);
	uint32_t mask;

	if (!format_parse_address(i->netmask, &mask))
		return err_set(err, ERR_USAGE, "'%s' is not a netmask", i->netmask);
	strv_add(v, "-kernel");
	strv_addf(v, "%s/vmlinuz", directory);
	strv_add(v, "-initrd");
	strv_addf(v, "%s/initrd.img", directory);
	strv_add(v, "-append");
	strv_addf(v,
		  "boot=local root=/dev/vda rw console=ttyS0 quiet net.ifnames=0 init_on_alloc=0 "
		  "lab.interface=%s lab.address=%s/%d lab.tftp=%s lab.root=%s%s",
		  i->interface, i->address, __builtin_popcount(mask), i->tftp_root, i->nfs_path,
		  o->systemd ? "" : " init=" FAST_INIT);
	return 0;
}

int lab_server_start(struct machine *m, const struct lab_server_options *o, struct err *err)
{
	CLEANUP(strv_release) struct strv v = { 0 };
	int r;

	strv_add(&v, "-machine");
	strv_add(&v, "pc");
	strv_add(&v, "-m");
	strv_add(&v, MEMORY);
	strv_add(&v, "-display");
	strv_add(&v, "none");
	r = add_kernel(&v, o, err);
	if (r < 0)
		return r;
	add_disk(&v, o->root_disk);
	add_disk(&v, o->tree_disk);
	add_disk(&v, o->data_disk);
	add_sockets(&v, o);
	return machine_start(m, o->directory, "server", o->accel, &v, err);
}

static int failed(struct machine *m, const char *place, struct err *err)
{
	cleanup_free char *line = console_line(&m->console, place);

	return err_set(err, ERR_BOOT, "the server does not start: %s",
		       strstr(line, FAILED) + strlen(FAILED));
}

static int timed_out(struct machine *m, unsigned seconds, struct err *err)
{
	err_set(err, ERR_BOOT, "the server was not ready after %u s; its last lines:\n%s", seconds,
		console_end(&m->console, LAST_LINES));
	return err_hint(err, "its whole output is in %s", m->console.path);
}

static int set_up_shell(struct machine *m, struct err *err)
{
	CLEANUP(text_release) struct text output = { 0 };
	int status = 0, r = shell_set_up(&m->shell, err);

	if (r < 0)
		return r;
	return machine_run(m, "touch " LAB_SERVER_STARTED, TOUCH_TIMEOUT_S, &output, &status, err);
}

int lab_server_wait(struct machine *m, unsigned seconds, struct err *err)
{
	double end = lab_now() + seconds;

	for (;;) {
		int r = machine_poll(m, err);
		const char *place;

		if (r < 0)
			return r;
		place = console_find(&m->console, 0, FAILED);
		if (place)
			return failed(m, place, err);
		if (console_find(&m->console, 0, READY))
			return set_up_shell(m, err);
		if (lab_now() > end)
			return timed_out(m, seconds, err);
		r = qmp_pause(m->qmp, POLL_MS, err);
		if (r < 0)
			return r;
	}
}
