/* SPDX-License-Identifier: MIT */
#include "lab/lab.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/kvm.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "lab/bridge.h"
#include "lab/lab-parts.h"
#include "lab/lab-report.h"

#define POLL_MS 100
/* How long a phase may go without progress, emulated and with KVM. The longest is the login. */
#define PATIENCE_TCG_S 420
#define PATIENCE_KVM_S 60

/* ---- entry and accelerator ----------------------------------------------------------------- */

static int choose_entry(const struct lab_options *o, const struct image_entry **ret,
			struct err *err)
{
	const struct image *i = o->image;
	CLEANUP(text_release) struct text known = { 0 };

	for (size_t n = 0; n < i->entry_count; n++) {
		const struct image_entry *e = &i->entry[n];

		if (o->entry ? streq(e->label, o->entry) : e->kind == ENTRY_RESCUE) {
			*ret = e;
			return 0;
		}
		text_printf(&known, "%s%s", n > 0 ? ", " : "", e->label);
	}
	if (!o->entry)
		return err_set(err, ERR_USAGE, "the menu of '%s' has no rescue entry", i->path);
	err_set(err, ERR_USAGE, "the menu of '%s' has no entry '%s'", i->path, o->entry);
	return err_hint(err, "it has %s", known.data ? known.data : "no entries");
}

static int check_entry(const struct lab_options *o, const struct image_entry *e, struct err *err)
{
	if (o->firmware != CLIENT_BIOS && !o->image->uefi)
		return err_set(
			err, ERR_USAGE,
			"'%s' has no loaders for UEFI: add shim-signed, "
			"shim-helpers-amd64-signed and grub-efi-amd64-signed to the recipe's "
			"boot-packages",
			o->image->path);
	if (e->kind == ENTRY_LOCAL && !o->expect)
		return err_set(err, ERR_USAGE,
			       "the entry '%s' leaves the network: say with "
			       "--expect what the disk shows",
			       e->label);
	if (o->firmware == CLIENT_SECUREBOOT && e->kind == ENTRY_MEMTEST)
		return err_set(err, ERR_USAGE,
			       "the memory test is not signed, so the menu hides it under "
			       "Secure Boot: use --firmware uefi");
	return 0;
}

int lab_examine(const struct lab_options *o, struct err *err)
{
	const struct image_entry *e = NULL;
	int r = choose_entry(o, &e, err);

	if (r < 0)
		return r;
	r = check_entry(o, e, err);
	if (r < 0)
		return r;
	r = o->until ? client_check_phase(o->until, err) : 0;
	if (r < 0)
		return r;
	r = firmware_check_card(o->firmware, o->nic, err);
	if (r < 0)
		return r;
	r = o->network == LAB_BRIDGE ? bridge_check(o->bridge, err) : 0;
	return r < 0 ? r : machine_available(err);
}

static int find_accel(struct lab *l, struct err *err)
{
	const struct image *s = l->options->server;
	cleanup_free char *kernel =
		xasprintf("%s/tftp/kernel/%s/%s/vmlinuz", s->path, s->recipe, s->version);
	const char *why = NULL;
	int r = kvm_probe(MACHINE_QEMU, kernel, &why, err);

	if (r < 0)
		return r;
	l->accel = why ? ACCEL_TCG : ACCEL_KVM;
	if (why)
		log_note("the machines are emulated, which is slow: %s", why);
	return 0;
}

#define LAB_INIT                                                                                   \
	{                                                                                          \
		.server = MACHINE_INIT                                                             \
	}

static void lab_release(struct lab *l)
{
	machine_release(&l->server);
	strv_release(&l->netdevs);
	for (unsigned n = 0; n < l->client_count; n++)
		if (l->client[n].tap > 0)
			(void)close(l->client[n].tap);
	free(l->client);
	*l = (struct lab)LAB_INIT;
}

static int choose_machines(struct lab *l, const struct lab_options *o, struct err *err)
{
	int r = choose_entry(o, &l->entry, err);

	if (r < 0)
		return r;
	l->options = o;
	r = find_accel(l, err);
	if (r < 0)
		return r;
	l->patience = o->timeout	      ? o->timeout
		      : l->accel == ACCEL_KVM ? PATIENCE_KVM_S
					      : PATIENCE_TCG_S;
	return 0;
}

/* ---- the server ---------------------------------------------------------------------------- */

static int make_disks(const struct lab_options *o, char **root, char **tree, char **data,
		      struct err *err)
{
	CLEANUP(disks_release)
	struct disks d = { .store = o->store, .server = o->server, .sandbox_kind = o->sandbox };
	int r = disk_from_archive(&d, o->server, "", "system", root, err);

	if (r < 0)
		return r;
	r = disk_from_files(&d, o->image, o->mirror, "pxe-data", data, err);
	if (r < 0)
		return r;
	/* Last, as it is somebody else's tree: no other disk is made in a sandbox that had it. */
	return disk_from_archive(&d, o->image, o->image->version, "pxe-root", tree, err);
}

static int start_server(struct lab *l, struct err *err)
{
	const struct lab_options *o = l->options;
	cleanup_free char *root = NULL, *tree = NULL, *data = NULL;
	struct lab_server_options s = {
		.directory = o->directory,
		.server = o->server,
		.image = o->image,
		.accel = l->accel,
		.clients = o->clients ? o->clients : 1,
		.systemd = o->systemd_server,
	};
	int r = make_disks(o, &root, &tree, &data, err);

	if (r < 0)
		return r;
	s.root_disk = root;
	s.tree_disk = tree;
	s.data_disk = data;
	progress_start("server", 0, PROGRESS_STEPS);
	r = lab_server_start(&l->server, &s, err);
	if (r < 0)
		return r;
	r = lab_server_wait(&l->server, SERVER_TIMEOUT_S, err);
	if (r < 0)
		return r;
	progress_end("dhcpd, tftpd and nfsd answer");
	return 0;
}

/* All but the clients: the server, if the lab has one, and the network. */
static int start_lab(struct lab *l, const struct lab_options *o, unsigned clients, struct err *err)
{
	int r = choose_machines(l, o, err);

	if (r < 0)
		return r;
	if (o->network == LAB_SERVER) {
		r = start_server(l, err);
		if (r < 0)
			return r;
	}
	return lab_connect(l, clients, err);
}

/* ---- the clients --------------------------------------------------------------------------- */

static void phase_over(const struct client *c, const char *phase, double seconds, void *data)
{
	const struct lab *l = data;

	progress_detail("client %u: after %s", c->number, phase);
	progress_clear();
	lab_print_phase(c, phase, seconds, l->options->json);
}

static void script_output(const struct client *c, const char *line, void *data)
{
	const struct lab *l = data;

	progress_clear();
	lab_print_output(c, line, l->options->json);
}

/* Nobody waits for its end, since it may reboot the server. */
static int begin_server_script(struct lab *l, const struct client *c, struct err *err)
{
	cleanup_free char *script = NULL;

	if (!l->options->server_script || l->server_script_began ||
	    !streq(client_phase_name(c), "script"))
		return 0;
	l->server_script_began = true;
	script = xasprintf("{ %s\n} >/dev/console 2>&1", l->options->server_script);
	return shell_begin(&l->server.shell, script, err);
}

/* Waits a moment, and reads the events of one of those that are on. */
static int pause_all(struct client *client, unsigned count, struct err *err)
{
	for (unsigned i = 0; i < count; i++)
		if (!qmp_has_ended(client[i].machine.qmp))
			return qmp_pause(client[i].machine.qmp, POLL_MS, err);
	(void)poll(NULL, 0, POLL_MS);
	return interrupt_check(err);
}

static int step_all(struct lab *l, struct client *client, unsigned count, struct err *err)
{
	unsigned done = 0;
	bool is_done;

	while (done < count) {
		int r;

		done = 0;
		for (unsigned i = 0; i < count; i++) {
			r = client_step(&client[i], &is_done, err);
			if (r < 0)
				return r;
			done += is_done;
			r = begin_server_script(l, &client[i], err);
			if (r < 0)
				return r;
		}
		r = l->server.qmp ? machine_poll(&l->server, err) : 0;
		if (r < 0)
			return r;
		r = pause_all(client, count, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int start_clients(struct lab *l, struct client *client, unsigned count, struct err *err)
{
	for (unsigned i = 0; i < count; i++) {
		int r = client_start(&client[i], i + 1, &l->client[i], err);

		if (r < 0)
			return r;
		client[i].on_phase = phase_over;
		client[i].on_output = script_output;
		client[i].data = l;
	}
	return 0;
}

static int check_clients(struct lab *l, struct client *client, unsigned count, struct err *err)
{
	int r;

	progress_start("boot", 0, PROGRESS_STEPS);
	r = start_clients(l, client, count, err);
	if (r < 0)
		return r;
	r = step_all(l, client, count, err);
	if (r < 0)
		return r;
	r = lab_check_tree(l, err);
	if (r < 0)
		return r;
	progress_end(l->options->until ? "as far as asked" : "all checks passed");
	lab_print_totals(client, count, l->options->network == LAB_SERVER, l->options->json);
	return 0;
}

int lab_check(const struct lab_options *o, struct err *err)
{
	CLEANUP(lab_release) struct lab l = LAB_INIT;
	unsigned count = o->clients ? o->clients : 1;
	struct client *client;
	int r = start_lab(&l, o, count, err);

	if (r < 0)
		return r;
	client = xcalloc(count, sizeof(*client));
	for (unsigned i = 0; i < count; i++)
		client[i].machine = (struct machine)MACHINE_INIT;
	r = check_clients(&l, client, count, err);
	for (unsigned i = 0; i < count; i++)
		client_release(&client[i]);
	free(client);
	return r;
}

/* ---- a client for a person ------------------------------------------------------------------ */

static void choose_display(struct client_options *o)
{
	if (!o->display)
		o->display = getenv("DISPLAY") || getenv("WAYLAND_DISPLAY") ? "gtk" : "none";
	if (starts_with(o->display, "curses"))
		o->terminal = TERMINAL_SCREEN;
	else if (streq(o->display, "none"))
		o->terminal = TERMINAL_SERIAL;
	o->may_end = true;
}

static int watch(struct client *c, struct err *err)
{
	int r = machine_poll(&c->machine, err);

	if (r < 0 || qmp_has_ended(c->machine.qmp))
		return r;
	r = client_limit_capture(c, err);
	return r < 0 ? r : qmp_pause(c->machine.qmp, POLL_MS, err);
}

int lab_interactive(const struct lab_options *o, struct err *err)
{
	CLEANUP(lab_release) struct lab l = LAB_INIT;
	CLEANUP(client_release) struct client c = { .machine = MACHINE_INIT };
	int r = start_lab(&l, o, 1, err);

	if (r < 0)
		return r;
	choose_display(&l.client[0]);
	r = client_start(&c, 1, &l.client[0], err);
	if (r < 0)
		return r;
	if (l.client[0].terminal == TERMINAL_SERIAL)
		log_note("this terminal is the machine's serial port; Ctrl-A X switches it off");
	while (!qmp_has_ended(c.machine.qmp)) {
		r = watch(&c, err);
		if (r < 0)
			return r;
	}
	return 0;
}
