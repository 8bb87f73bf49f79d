/* SPDX-License-Identifier: MIT */
#include "lab/client.h"

#include "base/log.h"
#include "base/memory.h"
#include "lab/client-parts.h"

#define MEMORY_MB 1024
#define PROCESSORS "2"
/* In QEMU before 8.1 an emulated processor may run old code that another processor has just
 * rewritten. A kernel that patches itself, as Linux does when it marks its clock as stable, then
 * dies of an int3: on a busy machine, one in 100 boots with two processors did. The second
 * processor would make a boot a tenth faster. */
#define PROCESSORS_EMULATED "1"
/* QEMU's own first address is 52:54:00:12:34:56; each client's is one higher than the last. */
#define MAC_FIRST 0x56
#define LAST_LINES 6
/* Of the capture. A boot has some tens of megabytes; a machine that sends for ever must not fill
 * the disk. */
#define CAPTURE_FILE_MAX ((uint64_t)1 << 30)

/* ---- switching on -------------------------------------------------------------------------- */

static void add_disks(struct strv *v, const struct client_options *o)
{
	for (size_t i = 0; o->disks && i < o->disks->count; i++) {
		cleanup_free char *path = qemu_path(o->disks->item[i]);

		strv_add(v, "-drive");
		strv_addf(v, "if=none,id=disk%zu,format=raw,cache=unsafe,file=%s", i, path);
		strv_add(v, "-device");
		strv_addf(v, "virtio-blk-pci,drive=disk%zu,serial=disk%zu,bootindex=%zu", i, i,
			  i + 2);
	}
}

/* Whether the recipe says `serial: yes`: then PXELINUX writes to the serial port by itself. */
static bool has_serial_entries(const struct image *i)
{
	for (size_t n = 0; n < i->entry_count; n++)
		if (ends_with(i->entry[n].label, "-serial"))
			return true;
	return false;
}

static void add_display(struct strv *v, const struct client_options *o)
{
	strv_add(v, "-device");
	strv_add(v, "VGA");
	strv_add(v, "-display");
	strv_add(v, o->display ? o->display : "none");
	if (o->terminal == TERMINAL_SERIAL && o->firmware == CLIENT_BIOS &&
	    !has_serial_entries(o->image)) {
		/* The BIOS then writes to the serial port, and so does what prints by it. */
		strv_add(v, "-machine");
		strv_add(v, "graphics=off");
	}
}

static int add_card(const struct client *c, struct strv *v, struct err *err)
{
	const struct client_options *o = c->options;
	cleanup_free char *name = xasprintf("client%u", c->number);
	cleanup_free char *mac = xasprintf("%02x:%02x:%02x:%02x:%02x:%02x", c->mac[0], c->mac[1],
					   c->mac[2], c->mac[3], c->mac[4], c->mac[5]);

	return firmware_add(o->firmware, o->nic, mac, o->store, o->server, o->directory, name, v,
			    err);
}

static int make_arguments(struct client *c, struct strv *v, struct err *err)
{
	const struct client_options *o = c->options;
	cleanup_free char *pcap = xasprintf("%s/client%u.pcap", o->directory, c->number);
	cleanup_free char *pcap_path = qemu_path(pcap);
	int r = add_card(c, v, err);

	if (r < 0)
		return r;
	strv_add(v, "-m");
	strv_addf(v, "%u", o->memory ? o->memory : MEMORY_MB);
	strv_add(v, "-smp");
	strv_add(v, o->accel == ACCEL_KVM ? PROCESSORS : PROCESSORS_EMULATED);
	add_display(v, o);
	if (!o->may_end)
		strv_add(v, "-no-reboot");
	strv_add(v, "-netdev");
	strv_add(v, o->netdev);
	strv_add(v, "-object");
	strv_addf(v, "filter-dump,id=capture,netdev=n,maxlen=512,file=%s", pcap_path);
	add_disks(v, o);
	if (o->arguments)
		strv_add_all(v, o->arguments);
	c->capture = capture_new(pcap);
	return 0;
}

int client_start(struct client *c, unsigned number, const struct client_options *o, struct err *err)
{
	cleanup_free char *name = xasprintf("client%u", number);
	CLEANUP(strv_release) struct strv v = { 0 };
	int r;

	*c = (struct client){
		.options = o,
		.number = number,
		.mac = { 0x52, 0x54, 0x00, 0x12, 0x34, (uint8_t)(MAC_FIRST + number - 1) },
		.machine = MACHINE_INIT,
	};
	c->machine.terminal = o->terminal;
	c->machine.may_end = o->may_end;
	c->machine.tap = o->tap;
	r = make_arguments(c, &v, err);
	if (r < 0)
		return r;
	r = machine_start(&c->machine, o->directory, name, o->accel, &v, err);
	c->began = c->phase_began = c->step_began = lab_now();
	return r;
}

int client_limit_capture(struct client *c, struct err *err)
{
	json_t *arguments;

	if (c->capture_ended || capture_file_size(c->capture) <= CAPTURE_FILE_MAX)
		return 0;
	c->capture_ended = true;
	log_warning("the capture of client %u's packets has reached its limit of 1 GiB: it ends "
		    "here, and so does what is counted of them",
		    c->number);
	arguments = json_pack("{s:s}", "id", "capture");
	return qmp_execute(c->machine.qmp, "object-del", arguments, NULL, err);
}

void client_release(struct client *c)
{
	machine_release(&c->machine);
	if (c->capture)
		capture_free(c->capture);
	text_release(&c->last_problem);
	text_release(&c->screen);
	*c = (struct client){ .machine = MACHINE_INIT };
}

/* ---- phases --------------------------------------------------------------------------------- */

enum phase_flags {
	PHASE_RESCUE = 1 << 0,	 /* only if the entry starts the rescue system */
	PHASE_EXPECTED = 1 << 1, /* only if there is a text to wait for */
	PHASE_SCRIPT = 1 << 2,	 /* only if there is a script */
	PHASE_STOPS = 1 << 3,	 /* the machine is meant to stop in it */
};

struct client_phase {
	const char *name;
	unsigned flags;
	int (*step)(struct client *c, struct err *err);
	void (*explain)(const struct client *c, struct text *t);
};

static const struct client_phase phases[] = {
	{ "firmware", 0, step_firmware, explain_firmware },
	{ "DHCP", 0, step_dhcp, explain_dhcp },
	{ "TFTP", 0, step_tftp, explain_tftp },
	{ "menu", 0, step_menu, explain_menu },
	{ "kernel", PHASE_RESCUE, step_kernel, explain_kernel },
	{ "initramfs", PHASE_RESCUE, step_initramfs, explain_initramfs },
	{ "NFS root", PHASE_RESCUE, step_root, explain_root },
	{ "expected text", PHASE_EXPECTED, step_expected, explain_expected },
	{ "login", PHASE_RESCUE, step_login, explain_login },
	{ "health", PHASE_RESCUE, step_health, explain_health },
	{ "script", PHASE_RESCUE | PHASE_SCRIPT, step_script, explain_script },
	{ "end", PHASE_RESCUE | PHASE_STOPS, step_end, explain_end },
};

/* Other entries than those of the rescue system are known by the text that they show. */
static bool has_phase(const struct client_options *o, const struct client_phase *p)
{
	const bool rescue = o->entry->kind == ENTRY_RESCUE;

	if ((p->flags & PHASE_RESCUE) && !rescue)
		return false;
	if ((p->flags & PHASE_EXPECTED) && rescue && !o->expect)
		return false;
	return o->script || !(p->flags & PHASE_SCRIPT);
}

/* NULL: the last is over. */
static const struct client_phase *current(const struct client *c)
{
	return c->phase < ARRAY_SIZE(phases) ? &phases[c->phase] : NULL;
}

int client_check_phase(const char *name, struct err *err)
{
	CLEANUP(text_release) struct text known = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(phases); i++) {
		if (streq(phases[i].name, name))
			return 0;
		text_printf(&known, "%s%s", i > 0 ? ", " : "", phases[i].name);
	}
	err_set(err, ERR_USAGE, "there is no phase '%s'", name);
	return err_hint(err, "the phases are: %s", known.data);
}

bool client_ends_before_root(const char *name)
{
	for (const struct client_phase *p = phases; p->step != step_root; p++)
		if (streq(p->name, name))
			return true;
	return false;
}

const char *client_phase_name(const struct client *c)
{
	const struct client_phase *p = current(c);

	return p ? p->name : "done";
}

static void phase_over(struct client *c, const struct client_phase *p)
{
	const struct client_options *o = c->options;
	double now = lab_now();

	if (c->on_phase)
		c->on_phase(c, p->name, now - c->phase_began, c->data);
	do
		c->phase++;
	while (current(c) && !has_phase(o, current(c)));
	if (o->until && streq(o->until, p->name))
		c->phase = ARRAY_SIZE(phases);
	c->phase_began = c->step_began = now;
	c->step = 0;
}

/* ---- one step ------------------------------------------------------------------------------- */

/* Where the screen shows no text, the end of the serial line is what there was to see. */
static void add_last_seen(const struct client *c, struct text *t)
{
	const char *end =
		c->screen.length > 0 ? NULL : console_end(&c->machine.console, LAST_LINES);

	if (end && *end) {
		text_add(t, "\nits serial line ends with:\n");
		text_add(t, end);
	}
}

static int failed_in(struct client *c, const struct client_phase *p, struct err *err)
{
	CLEANUP(err_release) struct err ignored = { 0 };
	cleanup_free char *picture = xasprintf("%s/client%u.png", c->options->directory, c->number);

	if (!qmp_has_ended(c->machine.qmp))
		(void)qmp_screenshot(c->machine.qmp, picture, &ignored);
	err_wrap(err, "client %u, %s, phase %s", c->number, firmware_name(c->options->firmware),
		 p->name);
	return err_hint(err, "the logs are in %s", c->options->directory);
}

static int timed_out(struct client *c, const struct client_phase *p, struct err *err)
{
	CLEANUP(text_release) struct text t = { 0 };
	CLEANUP(err_release) struct err ignored = { 0 };

	c->screen_read = 0;
	(void)client_look(c, &ignored);
	p->explain(c, &t);
	add_last_seen(c, &t);
	return err_set(err, ERR_BOOT, "no progress for %u s: %s", c->options->patience, t.data);
}

/* A reset ends the machine, too: clients of a test start with -no-reboot. */
static int check_is_on(const struct client *c, const struct client_phase *p, struct err *err)
{
	const json_t *event = qmp_event(c->machine.qmp, "SHUTDOWN");
	const char *reason = json_string_value(json_object_get(event, "reason"));
	CLEANUP(text_release) struct text t = { 0 };

	if (!event || (p->flags & PHASE_STOPS))
		return 0;
	text_printf(&t, "the machine stopped by itself (%s)",
		    reason ? reason : "QEMU gives no reason");
	add_last_seen(c, &t);
	return err_set(err, ERR_BOOT, "%s", t.data);
}

/* As a step function. */
static int step_phase(struct client *c, const struct client_phase *p, struct err *err)
{
	int r = machine_poll(&c->machine, err);

	if (r < 0)
		return r;
	r = capture_poll(c->capture, client_event, c, err);
	if (r < 0)
		return r;
	r = qmp_has_ended(c->machine.qmp) ? 0 : client_limit_capture(c, err);
	if (r < 0)
		return r;
	r = check_is_on(c, p, err);
	if (r < 0)
		return r;
	r = p->step(c, err);
	if (r == 0 && lab_now() - c->step_began > c->options->patience)
		return timed_out(c, p, err);
	return r;
}

int client_step(struct client *c, bool *ret_done, struct err *err)
{
	const struct client_phase *p = current(c);
	int r;

	*ret_done = !p;
	if (!p)
		return 0;
	r = step_phase(c, p, err);
	if (r < 0)
		return failed_in(c, p, err);
	if (r > 0)
		phase_over(c, p);
	*ret_done = !current(c);
	return 0;
}
