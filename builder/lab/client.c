/* SPDX-License-Identifier: MIT */
#include "lab/client.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "lab/client-parts.h"
#include "lab/screen.h"

#define MEMORY_MB 1024
#define PROCESSORS "2"
/* QEMU before 8.1 may run what another processor has just rewritten: a kernel that patches itself,
 * as Linux does when it marks its clock stable, then dies of an int3. On a busy machine one in 100
 * boots of two emulated processors did. A second one would save a tenth of the time. */
#define PROCESSORS_EMULATED "1"
#define LOOK_EVERY_S 0.4
/* QEMU's own prefix; the last byte is the client's number. */
#define MAC_FORMAT "52:54:00:12:34:%02x"
#define MAC_FIRST 0x55
#define LAST_LINES 6

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

/* Where the recipe says `serial: yes`, PXELINUX itself talks there; twice would be too much. */
static bool has_serial_entries(const struct image *i)
{
	for (size_t n = 0; n < i->entry_count; n++)
		if (ends_with(i->entry[n].label, "-serial"))
			return true;
	return false;
}

static int make_arguments(struct client *c, struct strv *v, struct err *err)
{
	const struct client_options *o = c->options;
	cleanup_free char *pcap = xasprintf("%s/client%u.pcap", o->directory, c->number);
	cleanup_free char *pcap_path = qemu_path(pcap);
	cleanup_free char *name = xasprintf("client%u", c->number);
	int r = firmware_add(o->firmware, o->nic, c->mac, o->store, o->server, o->directory, name,
			     v, err);

	strv_add(v, "-m");
	strv_addf(v, "%u", o->memory ? o->memory : MEMORY_MB);
	strv_add(v, "-smp");
	strv_add(v, o->accel == ACCEL_KVM ? PROCESSORS : PROCESSORS_EMULATED);
	strv_add(v, "-device");
	strv_add(v, "VGA");
	strv_add(v, "-display");
	strv_add(v, o->display ? o->display : "none");
	if (o->terminal == TERMINAL_SERIAL && o->firmware == CLIENT_BIOS &&
	    !has_serial_entries(o->image)) {
		/* Then the BIOS, and what uses it for its screen, talk on the serial port, too. */
		strv_add(v, "-machine");
		strv_add(v, "graphics=off");
	}
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
	return r;
}

int client_start(struct client *c, unsigned number, const struct client_options *o, struct err *err)
{
	cleanup_free char *name = xasprintf("client%u", number);
	CLEANUP(strv_release) struct strv v = { 0 };
	int r;

	*c = (struct client){ .options = o, .number = number, .machine = MACHINE_INIT };
	(void)snprintf(c->mac, sizeof(c->mac), MAC_FORMAT, (MAC_FIRST + number) & 0xff);
	c->machine.terminal = o->terminal;
	c->machine.may_end = o->may_end;
	c->machine.cable = o->cable;
	r = make_arguments(c, &v, err);
	if (r >= 0)
		r = machine_start(&c->machine, o->directory, name, o->accel, &v, err);
	c->began = c->phase_began = c->step_began = lab_now();
	return r;
}

/* ---- looking ------------------------------------------------------------------------------- */

int client_look(struct client *c, struct err *err)
{
	int r = 0;

	if (c->options->firmware == CLIENT_BIOS && lab_now() - c->screen_read > LOOK_EVERY_S) {
		r = screen_text(c->machine.qmp, &c->screen, err);
		c->screen_read = lab_now();
	}
	return r;
}

bool client_sees(const struct client *c, const char *words)
{
	return (c->screen.length > 0 && strstr(c->screen.data, words)) ||
	       console_find(&c->machine.console, c->console_from, words);
}

void client_next_step(struct client *c)
{
	c->step++;
	c->step_began = lab_now();
}

int client_screenshot(struct client *c, const char *suffix, struct err *err)
{
	const char *file = c->options->screenshots, *dot;
	cleanup_free char *path = NULL;

	if (!file)
		return 0;
	dot = strrchr(file, '.');
	if (!dot || strchr(dot, '/'))
		dot = file + strlen(file);
	if (c->number > 1)
		path = xasprintf("%.*s-%u%s%s", (int)(dot - file), file, c->number, suffix, dot);
	else
		path = xasprintf("%.*s%s%s", (int)(dot - file), file, suffix, dot);
	return qmp_screenshot(c->machine.qmp, NULL, path, err);
}

/* ---- phases -------------------------------------------------------------------------------- */

/* A menu's title is not followed by a version. */
#define MEMTEST_SHOWS "Memtest86+ v"

static int step_expected(struct client *c, struct err *err)
{
	const struct client_options *o = c->options;
	int r = client_look(c, err);

	if (r < 0)
		return r;
	if (!client_sees(c, o->expect ? o->expect : MEMTEST_SHOWS)) {
		switch (o->entry->kind) {
		case ENTRY_MEMTEST:
			return client_loader_gave_up(c, err);
		case ENTRY_RESCUE:
			return client_panicked(c, err);
		case ENTRY_LOCAL:
			return 0; /* from a disk, another may be tried */
		}
	}
	return client_screenshot(c, "", err) < 0 ? -EIO : 1;
}

static void explain_expected(const struct client *c, struct text *t)
{
	text_printf(t, "'%s' is to be seen neither on the screen nor on the serial line",
		    c->options->expect ? c->options->expect : MEMTEST_SHOWS);
}

static void explain_login(const struct client *c, struct text *t)
{
	(void)c;
	text_add(t, "the root is mounted, but no shell answers what is typed on tty1");
}

static void explain_health(const struct client *c, struct text *t)
{
	text_printf(t, "the check '%s' does not end", health_checks[c->check].name);
}

static void explain_script(const struct client *c, struct text *t)
{
	(void)c;
	text_add(t, "the script does not end");
}

static void explain_end(const struct client *c, struct text *t)
{
	text_printf(t, "it does not %s", c->options->reboot ? "reboot" : "switch itself off");
}

static const struct phase system_phases[] = {
	{ "login", step_login, explain_login },
	{ "health", step_health, explain_health },
	{ "script", step_script, explain_script },
	{ "end", step_end, explain_end },
	{ NULL, NULL, NULL },
};

static const struct phase expected_phase = { "expected text", step_expected, explain_expected };

#define SCRIPT_PHASE 2 /* of system_phases */
#define MENU_PHASES 4  /* of boot_phases: up to the menu */
#define ROOT_PHASES 7  /* all of them */

/* Which phases there are depends on what the entry starts. NULL: the last is over. */
static const struct phase *current(const struct client *c)
{
	const struct client_options *o = c->options;
	bool rescue = o->entry->kind == ENTRY_RESCUE;
	size_t boot = rescue ? ROOT_PHASES : MENU_PHASES, n = c->phase;

	if (c->is_done)
		return NULL;
	if (n < boot)
		return &boot_phases[n];
	n -= boot;
	if (!rescue || o->expect) {
		if (n == 0)
			return &expected_phase;
		n--;
	}
	if (n >= SCRIPT_PHASE && !o->script)
		n++;
	return rescue && system_phases[n].name ? &system_phases[n] : NULL;
}

int client_check_phase(const char *name, struct err *err)
{
	static const struct phase *const lists[] = { boot_phases, system_phases };
	CLEANUP(text_release) struct text known = { 0 };

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		for (const struct phase *p = lists[i]; p->name; p++) {
			if (streq(p->name, name))
				return 0;
			text_printf(&known, "%s%s", known.length > 0 ? ", " : "", p->name);
		}
	}
	err_set(err, ERR_USAGE, "there is no phase '%s'", name);
	return err_hint(err, "the phases are: %s", known.data);
}

const char *client_phase(const struct client *c)
{
	const struct phase *p = current(c);

	return p ? p->name : "done";
}

static void phase_over(struct client *c, const struct phase *p)
{
	double now = lab_now();

	if (c->on_phase)
		c->on_phase(c, p->name, now - c->phase_began, c->data);
	c->phase++;
	c->is_done = c->options->until && streq(c->options->until, p->name);
	c->phase_began = c->step_began = now;
	c->step = 0;
}

/* What a person who stood beside it would have seen last. */
static void add_last_seen(const struct client *c, struct text *t)
{
	const char *end =
		c->screen.length > 0 ? NULL : console_end(&c->machine.console, LAST_LINES);

	if (end && *end) {
		text_add(t, "\nits serial line ends with:\n");
		text_add(t, end);
	}
}

static int failed_in(struct client *c, const struct phase *p, struct err *err)
{
	CLEANUP(err_release) struct err ignored = { 0 };
	cleanup_free char *picture = xasprintf("%s/client%u.png", c->options->directory, c->number);

	if (!qmp_has_ended(c->machine.qmp))
		(void)qmp_screenshot(c->machine.qmp, NULL, picture, &ignored);
	err_wrap(err, "client %u, %s, phase %s", c->number, firmware_name(c->options->firmware),
		 p->name);
	return err_hint(err, "the logs are in %s", c->options->directory);
}

static int timed_out(struct client *c, const struct phase *p, struct err *err)
{
	CLEANUP(text_release) struct text t = { 0 };
	CLEANUP(err_release) struct err ignored = { 0 };

	c->screen_read = 0;
	(void)client_look(c, &ignored);
	p->explain(c, &t);
	add_last_seen(c, &t);
	err_set(err, ERR_BOOT, "no progress for %u s: %s", c->options->patience, t.data);
	return failed_in(c, p, err);
}

/* Clients start with -no-reboot: a reset is an end, too. */
static int ended_early(const struct client *c, const struct phase *p, struct err *err)
{
	const json_t *event = qmp_event(c->machine.qmp, "SHUTDOWN");
	const char *reason = json_string_value(json_object_get(event, "reason"));
	CLEANUP(text_release) struct text t = { 0 };

	if (!event || p->step == step_end)
		return 0;
	text_printf(&t, "the machine stopped by itself (%s)", reason ? reason : "for no reason");
	add_last_seen(c, &t);
	return err_set(err, ERR_BOOT, "%s", t.data);
}

int client_step(struct client *c, bool *ret_done, struct err *err)
{
	const struct phase *p = current(c);
	bool new;
	int r;

	*ret_done = !p;
	if (!p)
		return 0;
	r = machine_poll(&c->machine, &new, err);
	if (r >= 0)
		r = capture_poll(c->capture, client_event, c, err);
	if (r >= 0)
		r = ended_early(c, p, err);
	if (r >= 0)
		r = p->step(c, err);
	if (r < 0)
		return failed_in(c, p, err);
	if (r > 0)
		phase_over(c, p);
	else if (lab_now() - c->step_began > c->options->patience)
		return timed_out(c, p, err);
	*ret_done = !current(c);
	return 0;
}

void client_release(struct client *c)
{
	machine_release(&c->machine);
	if (c->capture)
		capture_free(c->capture);
	text_release(&c->trouble);
	text_release(&c->screen);
	*c = (struct client){ .machine = MACHINE_INIT };
}
