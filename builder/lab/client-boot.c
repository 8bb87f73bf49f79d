/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/memory.h"
#include "lab/client-parts.h"

#define REFUSALS 5

static void add_trouble(const struct client *c, struct text *t)
{
	if (c->trouble.length > 0) {
		text_add(t, "; the last that went wrong on the wire: ");
		text_add_escaped(t, c->trouble.data);
	}
}

/* ---- firmware, DHCP, TFTP ------------------------------------------------------------------ */

static int step_firmware(struct client *c, struct err *err)
{
	(void)err;
	return c->asked_address;
}

static void explain_firmware(const struct client *c, struct text *t)
{
	text_printf(t, "the firmware never asked for an address: does it boot from its '%s' card?",
		    c->options->nic ? c->options->nic : "virtio");
}

static int step_dhcp(struct client *c, struct err *err)
{
	(void)err;
	return c->has_address;
}

static void explain_dhcp(const struct client *c, struct text *t)
{
	text_add(t, "the firmware asks for an address, and no server gives it one that it takes");
	add_trouble(c, t);
}

static char *line_of(const char *text, const char *place)
{
	while (place > text && place[-1] != '\n')
		place--;
	return xstrndup(place, strcspn(place, "\n"));
}

/* The line of screen or serial line that has the words; caller frees. NULL: neither has. */
static char *line_with(const struct client *c, const char *words)
{
	const char *place = c->screen.length > 0 ? strstr(c->screen.data, words) : NULL;

	if (place)
		return line_of(c->screen.data, place);
	place = console_find(&c->machine.console, c->console_from, words);
	return place ? console_line(&c->machine.console, place) : NULL;
}

static void add_file_name(const struct client *c, struct text *t)
{
	if (c->has_address && !c->has_file_name)
		text_add(t, "; the DHCP server gave an address and no file name: dhcpd.conf needs "
			    "a `filename` for clients of this kind (server/dhcpd.conf has one)");
}

/* The loaders' own words, on a screen that will not change any more. */
int client_loader_gave_up(struct client *c, struct err *err)
{
	static const char *const words[] = { "Failed to load",
					     "Boot failed",
					     "Could not boot",
					     "No bootable device",
					     "No such file or directory",
					     "error: file `",
					     "Boot Failed",
					     "PXE-E",
					     "Security Violation",
					     "Access Denied",
					     "bad shim signature" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		cleanup_free char *line = line_with(c, words[i]);
		CLEANUP(text_release) struct text t = { 0 };

		if (!line)
			continue;
		text_add(&t, "the loader says '");
		text_add_escaped(&t, line);
		text_add(&t, "'");
		add_file_name(c, &t);
		add_trouble(c, &t);
		return err_set(err, ERR_BOOT, "%s", t.data);
	}
	return 0;
}

static int step_tftp(struct client *c, struct err *err)
{
	int r = client_look(c, err);

	if (r < 0 || c->loader_sent)
		return r < 0 ? r : 1;
	return client_loader_gave_up(c, err);
}

static void explain_tftp(const struct client *c, struct text *t)
{
	text_add(t, "the boot loader does not arrive");
	add_file_name(c, t);
	add_trouble(c, t);
}

static int step_menu_or_fail(struct client *c, struct err *err)
{
	int r = step_menu(c, err);

	return r != 0 ? r : client_loader_gave_up(c, err);
}

static void explain_menu(const struct client *c, struct text *t)
{
	if (!c->menu_sent)
		text_add(t, "the loader runs, but no menu was sent to it");
	else
		text_add(t, "the menu was sent, but not all its entries are to be seen");
	add_trouble(c, t);
}

/* ---- kernel, initramfs, root --------------------------------------------------------------- */

static const char *console_has(const struct client *c, const char *words)
{
	return console_find(&c->machine.console, c->console_from, words);
}

/* Why: what a kernel writes when it trips over itself, some lines before it panics. After it, too,
 * processors tell where they were; that is no cause. */
static void add_oops(const struct client *c, const char *panic, struct text *t)
{
	static const char *const words[] = { "BUG: ", " [#1]", "RIP: " };
	const char *before = "; before that: ";

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		const char *place = console_has(c, words[i]);
		cleanup_free char *line = NULL;

		if (!place || place > panic)
			continue;
		line = console_line(&c->machine.console, place);
		text_add(t, before);
		text_add_escaped(t, line);
		before = " / ";
	}
}

int client_panicked(struct client *c, struct err *err)
{
	static const char *const words[] = { "Kernel panic - not syncing", "(initramfs) ",
					     "ALERT! ", "Unable to mount root fs" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		const char *place = console_has(c, words[i]);

		if (place) {
			cleanup_free char *line = console_line(&c->machine.console, place);
			CLEANUP(text_release) struct text t = { 0 };

			text_add_escaped(&t, line);
			add_oops(c, place, &t);
			add_trouble(c, &t);
			return err_set(err, ERR_BOOT, "%s", t.data);
		}
	}
	return 0;
}

static int step_kernel(struct client *c, struct err *err)
{
	int r = client_look(c, err);

	if (r < 0)
		return r;
	if (console_has(c, "Linux version ") || c->initramfs_asked_address)
		return 1;
	return client_loader_gave_up(c, err);
}

static void explain_kernel(const struct client *c, struct text *t)
{
	const struct capture_tftp *f = capture_unfinished(c->capture, 0, NULL);

	if (c->kernel_sent && c->initrd_sent)
		text_add(t, "kernel and initramfs were sent, but the kernel says nothing");
	else if (f)
		text_printf(t, "'%s' was under way: %ju bytes so far", f->file,
			    (uintmax_t)f->bytes);
	else
		text_add(t, c->kernel_sent ? "the kernel was sent, the initramfs not"
					   : "the kernel was not sent");
	add_trouble(c, t);
}

static int step_initramfs(struct client *c, struct err *err)
{
	if (console_has(c, "Run /init as init") || c->initramfs_asked_address)
		return 1;
	return client_panicked(c, err);
}

static void explain_initramfs(const struct client *c, struct text *t)
{
	(void)c;
	text_add(t, "the kernel does not get to the initramfs");
}

#define MNT_NOENT 2 /* RFC 1813, mountstat3 */
#define MNT_ACCES 13

static int refused(const struct client *c, struct err *err)
{
	CLEANUP(text_release) struct text t = { 0 };

	text_add(&t, "the server refuses the root");
	if (c->refusal != CAPTURE_RPC_MOUNT_REFUSED)
		text_add(&t, ": it has no NFS version 3, and the initramfs knows no other (nfsd "
			     "for version 4 only?)");
	else if (c->refusal_code == MNT_ACCES)
		text_add(&t, ": the directory is not exported to this client (server/exports says "
			     "how)");
	else if (c->refusal_code == MNT_NOENT)
		text_add(&t, ": it has no directory of the version that the menu names");
	add_trouble(c, &t);
	return err_set(err, ERR_BOOT, "%s", t.data);
}

/* initramfs-tools loads modules quietly: an initramfs of another kernel says nothing else. */
#define NO_CARD "Network device did not appear in time"

static void add_no_card(const struct client *c, struct text *t)
{
	text_printf(t,
		    "the initramfs has no driver for the card '%s', or is of another kernel than "
		    "%s",
		    c->options->nic ? c->options->nic : "virtio", c->options->image->kernel);
}

static int has_no_card(const struct client *c, struct err *err)
{
	CLEANUP(text_release) struct text t = { 0 };

	if (!console_has(c, NO_CARD))
		return 0;
	add_no_card(c, &t);
	return err_set(err, ERR_BOOT, "%s: it says '" NO_CARD "'", t.data);
}

/* klibc's nfsmount says the reason, and tries again every second for minutes. */
static int step_root(struct client *c, struct err *err)
{
	int r;

	if (c->mounted && c->reads_root)
		return 1;
	if (c->refused >= REFUSALS)
		return refused(c, err);
	if (c->closed >= REFUSALS)
		return err_set(err, ERR_BOOT, "no NFS server answers on %s: %s",
			       c->options->simple ? "this host, which the client calls 10.0.2.2"
						  : "the server",
			       c->trouble.data);
	r = has_no_card(c, err);
	return r < 0 ? r : client_panicked(c, err);
}

static void explain_root(const struct client *c, struct text *t)
{
	const char *place = console_has(c, "mount call failed");

	if (!c->initramfs_asked_address) {
		text_add(t, "the initramfs never asked for an address: ");
		add_no_card(c, t);
		return;
	}
	text_add(t, "the root is not mounted");
	if (place) {
		cleanup_free char *line = console_line(&c->machine.console, place);

		text_add(t, "; it says: ");
		text_add_escaped(t, line);
	}
	add_trouble(c, t);
}

const struct phase boot_phases[] = {
	{ "firmware", step_firmware, explain_firmware },
	{ "DHCP", step_dhcp, explain_dhcp },
	{ "TFTP", step_tftp, explain_tftp },
	{ "menu", step_menu_or_fail, explain_menu },
	{ "kernel", step_kernel, explain_kernel },
	{ "initramfs", step_initramfs, explain_initramfs },
	{ "NFS root", step_root, explain_root },
	{ NULL, NULL, NULL },
};
