/* SPDX-License-Identifier: MIT */
/* What boot loaders and kernels print when they cannot go on, and the last problem of the
 * network. */
#include <string.h>

#include "base/memory.h"
#include "lab/client-parts.h"

void client_add_problem(const struct client *c, struct text *t)
{
	if (c->last_problem.length == 0)
		return;
	text_add(t, "; the last problem on the network: ");
	text_add_escaped(t, c->last_problem.data);
}

void client_add_file_name(const struct client *c, struct text *t)
{
	if (c->has_address && !c->has_file_name)
		text_add(t, "; the DHCP server gave an address and no file name: dhcpd.conf needs "
			    "a `filename` for clients of this kind (server/dhcpd.conf has one)");
}

/* These stay on the screen: a loader that says one of them does nothing more. */
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

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		cleanup_free char *line = client_line(c, words[i]);
		CLEANUP(text_release) struct text t = { 0 };

		if (!line)
			continue;
		text_add(&t, "the loader says '");
		text_add_escaped(&t, line);
		text_add(&t, "'");
		client_add_file_name(c, &t);
		client_add_problem(c, &t);
		return err_set(err, ERR_BOOT, "%s", t.data);
	}
	return 0;
}

/* What a kernel writes about its own error is some lines before its panic. Behind the panic, too,
 * processors write where they were; that is no cause. */
static void add_oops(const struct client *c, const char *panic, struct text *t)
{
	static const char *const words[] = { "BUG: ", " [#1]", "RIP: " };
	const char *before = "; before that: ";

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const char *place = client_console(c, words[i]);
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
	static const char *const words[] = {
		"Kernel panic - not syncing", "(initramfs) ",	 "ALERT! ",
		"Unable to mount root fs",    "dracut: FATAL: ", "Entering emergency mode"
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const char *place = client_console(c, words[i]);
		cleanup_free char *line = NULL;
		CLEANUP(text_release) struct text t = { 0 };

		if (!place)
			continue;
		line = console_line(&c->machine.console, place);
		text_add_escaped(&t, line);
		add_oops(c, place, &t);
		client_add_problem(c, &t);
		return err_set(err, ERR_BOOT, "%s", t.data);
	}
	return 0;
}
