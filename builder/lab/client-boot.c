/* SPDX-License-Identifier: MIT */
/* From the firmware to the root file system, or to the text that something else shows. */
#include <string.h>

#include "base/memory.h"
#include "lab/client-parts.h"

/* klibc's nfsmount tries again every second, for minutes. */
#define REFUSALS_MAX 5

/* ---- firmware, DHCP, TFTP ------------------------------------------------------------------- */

int step_firmware(struct client *c, struct err *err)
{
	(void)err;
	return c->asked_address;
}

void explain_firmware(const struct client *c, struct text *t)
{
	text_printf(t, "the firmware never asked for an address: does it boot from its '%s' card?",
		    c->options->nic ? c->options->nic : "virtio");
}

int step_dhcp(struct client *c, struct err *err)
{
	(void)err;
	return c->has_address;
}

void explain_dhcp(const struct client *c, struct text *t)
{
	text_add(t, "the firmware asks for an address, but no server gives it one that it accepts");
	client_add_problem(c, t);
}

int step_tftp(struct client *c, struct err *err)
{
	int r = client_look(c, err);

	if (r < 0)
		return r;
	return c->loader_sent ? 1 : client_loader_gave_up(c, err);
}

void explain_tftp(const struct client *c, struct text *t)
{
	text_add(t, "the boot loader does not arrive");
	client_add_file_name(c, t);
	client_add_problem(c, t);
}

/* ---- kernel and initramfs ------------------------------------------------------------------- */

int step_kernel(struct client *c, struct err *err)
{
	int r = client_look(c, err);

	if (r < 0)
		return r;
	if (client_console(c, "Linux version ") || c->initramfs_asked_address)
		return 1;
	return client_loader_gave_up(c, err);
}

void explain_kernel(const struct client *c, struct text *t)
{
	const struct capture_tftp *file = capture_unfinished(c->capture, c->mac);

	if (c->kernel_sent && c->initrd_sent)
		text_add(t, "kernel and initramfs were sent, but the kernel prints nothing");
	else if (file)
		text_printf(t, "only %ju bytes of '%s' were sent", (uintmax_t)file->bytes,
			    file->file);
	else if (c->kernel_sent)
		text_add(t, "the kernel was sent, but the initramfs was not");
	else
		text_add(t, "the kernel was not sent");
	client_add_problem(c, t);
}

int step_initramfs(struct client *c, struct err *err)
{
	if (client_console(c, "Run /init as init") || c->initramfs_asked_address)
		return 1;
	return client_panicked(c, err);
}

void explain_initramfs(const struct client *c, struct text *t)
{
	(void)c;
	text_add(t, "the kernel runs, but does not start the initramfs");
}

/* ---- the root file system ------------------------------------------------------------------- */

#define MNT_NOENT 2 /* RFC 1813, mountstat3 */
#define MNT_ACCES 13

static int root_refused(const struct client *c, struct err *err)
{
	CLEANUP(text_release) struct text t = { 0 };

	text_add(&t, "the server refuses the root");
	if (c->refusal != CAPTURE_RPC_MOUNT_REFUSED)
		text_add(&t, ": it has no NFS version 3, and the initramfs knows no other version "
			     "(is nfsd for version 4 only?)");
	else if (c->refusal_code == MNT_ACCES)
		text_add(&t, ": the directory is not exported to this client (server/exports says "
			     "how)");
	else if (c->refusal_code == MNT_NOENT)
		text_add(&t, ": it has no directory of the version that the menu names");
	client_add_problem(c, &t);
	return err_set(err, ERR_BOOT, "%s", t.data);
}

/* If modules cannot be loaded, initramfs-tools says nothing else. */
#define NO_CARD "Network device did not appear in time"

static void add_no_card(const struct client *c, struct text *t)
{
	text_printf(t,
		    "the initramfs has no driver for the card '%s', or belongs to another kernel "
		    "than %s",
		    c->options->nic ? c->options->nic : "virtio", c->options->image->kernel);
}

static int has_no_card(const struct client *c, struct err *err)
{
	CLEANUP(text_release) struct text t = { 0 };

	if (!client_console(c, NO_CARD))
		return 0;
	add_no_card(c, &t);
	return err_set(err, ERR_BOOT, "%s: it says '" NO_CARD "'", t.data);
}

int step_root(struct client *c, struct err *err)
{
	int r;

	if (c->mounted && c->reads_root)
		return 1;
	if (c->refused >= REFUSALS_MAX)
		return root_refused(c, err);
	if (c->closed >= REFUSALS_MAX)
		return err_set(err, ERR_BOOT, "no NFS server answers on %s: %s",
			       c->options->simple ? "this host, which the client calls 10.0.2.2"
						  : "the server",
			       c->last_problem.data);
	r = has_no_card(c, err);
	return r < 0 ? r : client_panicked(c, err);
}

void explain_root(const struct client *c, struct text *t)
{
	cleanup_free char *line = NULL;
	const char *place = client_console(c, "mount call failed"); /* klibc's nfsmount */

	if (!c->initramfs_asked_address) {
		text_add(t, "the initramfs never asked for an address: ");
		add_no_card(c, t);
		return;
	}
	if (!place)
		place = client_console(c, "mount.nfs: "); /* under dracut */
	text_add(t, "the root is not mounted");
	if (place) {
		line = console_line(&c->machine.console, place);
		text_add(t, "; the initramfs says: ");
		text_add_escaped(t, line);
	}
	client_add_problem(c, t);
}

/* ---- what is not the rescue system ---------------------------------------------------------- */

/* The menu's entry has the name, too, but no version behind it. */
#define MEMTEST_SHOWS "Memtest86+ v"

static const char *expected(const struct client *c)
{
	return c->options->expect ? c->options->expect : MEMTEST_SHOWS;
}

int step_expected(struct client *c, struct err *err)
{
	int r = client_look(c, err);

	if (r < 0)
		return r;
	if (!client_sees(c, expected(c))) {
		switch (c->options->entry->kind) {
		case ENTRY_MEMTEST:
			return client_loader_gave_up(c, err);
		case ENTRY_RESCUE:
			return client_panicked(c, err);
		case ENTRY_LOCAL:
			return 0; /* a disk that does not boot is not the last that is tried */
		}
	}
	r = client_screenshot(c, "", err);
	return r < 0 ? r : 1;
}

void explain_expected(const struct client *c, struct text *t)
{
	text_printf(t, "neither the screen nor the serial line shows '%s'", expected(c));
}
