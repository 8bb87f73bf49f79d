/* SPDX-License-Identifier: MIT */
#include "rootfs/settings.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"

#define SERIAL_RULES "/etc/udev/rules.d/90-rescue-terminals.rules"

/* A virtual console is called ttyN. All other terminals are lines, such as serial ones, for which
 * mingetty does not work. */
static bool is_console(const char *terminal)
{
	return starts_with(terminal, "tty") && terminal[3] >= '0' && terminal[3] <= '9';
}

static bool uses_mingetty(const struct recipe *recipe, const char *terminal)
{
	return is_console(terminal) && streq(recipe->autologin.program, "mingetty");
}

/* ---- systemd ---- */

static int write_drop_in(struct rootfs *rootfs, const char *unit, const char *command, bool console,
			 struct err *err)
{
	cleanup_free char *path = xasprintf("/etc/systemd/system/%s.d/rescue-autologin.conf", unit);
	CLEANUP(text_release) struct text text = { 0 };

	/* Not idle, which systemd's own are: that waits for other services, five seconds at
	 * most. */
	text_printf(&text, "[Service]\nType=simple\nExecStart=\nExecStart=-%s\n", command);
	if (console) /* keeps the boot messages and the host keys' fingerprints on the screen */
		text_add(&text, "TTYVTDisallocate=no\n");
	return settings_write(rootfs, path, text.data, 0644, err);
}

static int console_unit(struct rootfs *rootfs, const char *terminal, struct err *err)
{
	cleanup_free char *unit = xasprintf("getty@%s.service", terminal);
	cleanup_free char *want = xasprintf("/etc/systemd/system/getty.target.wants/%s", unit);
	int r;

	r = write_drop_in(rootfs, unit,
			  uses_mingetty(rootfs->recipe, terminal)
				  ? "/sbin/mingetty --noclear --autologin root %I"
				  : "/sbin/agetty --noclear --autologin root - $TERM",
			  true, err);
	if (r < 0)
		return r;
	r = sandbox_call(rootfs->sandbox, err, "mkdir", "-p",
			 "/etc/systemd/system/getty.target.wants", NULL);
	if (r < 0)
		return r;
	return sandbox_call(rootfs->sandbox, err, "ln", "-snf",
			    "/usr/lib/systemd/system/getty@.service", want, NULL);
}

/* Enabling serial-getty@ttyS0 the usual way makes a machine without that port wait for it for a
 * minute and a half. The rule starts it when the kernel shows one. The kernel shows ttyS0 to
 * ttyS3 whether they are there or not; type 0 is a port without a chip. */
static int serial_unit(struct rootfs *rootfs, const char *terminal, struct text *rules,
		       struct err *err)
{
	cleanup_free char *unit = xasprintf("serial-getty@%s.service", terminal);

	text_printf(rules,
		    "SUBSYSTEM==\"tty\", KERNEL==\"%s\", %sTAG+=\"systemd\", "
		    "ENV{SYSTEMD_WANTS}+=\"%s\"\n",
		    terminal, starts_with(terminal, "ttyS") ? "ATTR{type}!=\"0\", " : "", unit);
	return write_drop_in(rootfs, unit,
			     "/sbin/agetty --noclear --autologin root "
			     "--keep-baud 115200,57600,38400,9600 - $TERM",
			     false, err);
}

static int systemd_terminals(struct rootfs *rootfs, struct err *err)
{
	const struct recipe_list *terminals = &rootfs->recipe->autologin.terminals;
	CLEANUP(text_release) struct text rules = { 0 };
	int r;

	for (size_t i = 0; i < terminals->count; i++) {
		const char *terminal = terminals->item[i].value;

		r = is_console(terminal) ? console_unit(rootfs, terminal, err)
					 : serial_unit(rootfs, terminal, &rules, err);
		if (r < 0)
			return r;
	}
	if (!rules.length)
		return 0;
	return settings_write(rootfs, SERIAL_RULES, rules.data, 0644, err);
}

/* ---- sysvinit ---- */

static char *inittab_command(const struct recipe *recipe, const char *terminal)
{
	if (uses_mingetty(recipe, terminal))
		return xasprintf("/sbin/mingetty --noclear --autologin root %s", terminal);
	if (is_console(terminal))
		return xasprintf("/sbin/agetty --noclear --autologin root 38400 %s linux",
				 terminal);
	return xasprintf("/sbin/agetty --autologin root --local-line 115200 %s vt102", terminal);
}

/* inittab(5): id:runlevels:respawn:process, with the terminal among the words of the process. */
static bool is_getty_of(const char *line, const char *terminal)
{
	CLEANUP(strv_release) struct strv field = { 0 };
	CLEANUP(strv_release) struct strv word = { 0 };

	if (line[0] == '#')
		return false;
	strv_split(&field, line, ":");
	if (field.count < 4 || !streq(field.item[2], "respawn"))
		return false;
	strv_split(&word, field.item[3], " \t");
	return strv_has(&word, terminal);
}

/* Appends the inittab to ret, with a line that logs root in on `terminal` in the place of that
 * terminal's line, or at the end. The id has at most four characters; who(1) shows it. */
static void inittab_set(const struct recipe *recipe, const char *text, const char *terminal,
			struct text *ret)
{
	cleanup_free char *command = inittab_command(recipe, terminal);
	const char *number = terminal + strcspn(terminal, "0123456789");
	cleanup_free char *id = is_console(terminal) ? xstrdup(number) : xasprintf("S%s", number);
	cleanup_free char *entry = xasprintf("%.4s:2345:respawn:%s\n", id, command);
	bool done = false;

	for (const char *line = text; *line;) {
		size_t length = strcspn(line, "\n");
		cleanup_free char *copy = xstrndup(line, length);

		if (is_getty_of(copy, terminal)) {
			text_add(ret, done ? "" : entry);
			done = true;
		} else {
			text_printf(ret, "%s\n", copy);
		}
		line += length + (line[length] == '\n');
	}
	if (!done)
		text_printf(ret, "\n# A terminal of the recipe.\n%s", entry);
}

static int sysvinit_terminals(struct rootfs *rootfs, struct err *err)
{
	const struct recipe_list *terminals = &rootfs->recipe->autologin.terminals;
	CLEANUP(text_release) struct text text = { 0 };
	bool exists;
	int r;

	r = settings_read(rootfs, "/etc/inittab", &exists, &text, err);
	if (r < 0)
		return r;
	if (!exists) {
		err_set(err, ERR_USAGE, "init is sysvinit, but the image has no /etc/inittab");
		return err_hint(err, "add 'sysvinit-core' to packages and take 'systemd-sysv' out");
	}
	for (size_t i = 0; i < terminals->count; i++) {
		struct text changed = { 0 };

		inittab_set(rootfs->recipe, text.data, terminals->item[i].value, &changed);
		text_release(&text);
		text = changed;
	}
	return settings_write(rootfs, "/etc/inittab", text.data, 0644, err);
}

int settings_terminals(struct rootfs *rootfs, struct err *err)
{
	const struct recipe_list *terminals = &rootfs->recipe->autologin.terminals;

	if (terminals->count == 0)
		return 0;
	for (size_t i = 0; i < terminals->count; i++) {
		const struct recipe_name *terminal = &terminals->item[i];
		const char *program =
			uses_mingetty(rootfs->recipe, terminal->value) ? "mingetty" : "agetty";
		cleanup_free char *path = xasprintf("/sbin/%s", program);
		bool exists = false;
		int r;

		r = sandbox_exists(rootfs->sandbox, path, &exists, err);
		if (r < 0)
			return r;
		if (!exists) {
			position_error(&terminal->at, err,
				       "the image has no %s to log root in on %s", path,
				       terminal->value);
			return err_hint(err, "add '%s' to packages",
					streq(program, "mingetty") ? "mingetty" : "util-linux");
		}
	}
	return rootfs->recipe->init == INIT_SYSVINIT ? sysvinit_terminals(rootfs, err)
						     : systemd_terminals(rootfs, err);
}
