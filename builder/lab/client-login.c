/* SPDX-License-Identifier: MIT */
/*
 * The system is up when root's shell on the first console does what is typed on the keyboard. Not
 * when `login:` appears: kernel lines cut that in two, and a half-dead system shows it, too. The
 * shell then opens another on the second serial port, for the checks.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "lab/client-parts.h"
#include "lab/keyboard.h"

/* Typed again if nothing comes back: a login program drops what was typed before it was ready. */
#define TYPE_AGAIN_S 12

enum login_step { LOGIN_TYPE, LOGIN_ANSWER, LOGIN_SHELL, LOGIN_FACTS };

/* A keyboard that nobody reads yet is no failure. */
static int type(struct client *c, const char *text, struct err *err)
{
	CLEANUP(err_release) struct err unread = { 0 };
	int r = keyboard_type_anywhere(c->machine.qmp, text, &unread);

	c->typed = lab_now();
	if (r < 0 && unread.class == ERR_INTERRUPTED) {
		*err = unread;
		unread = (struct err){ 0 };
		return r;
	}
	return 0;
}

static int heard(struct client *c, const char *words, struct err *err)
{
	bool is;
	int r = shell_heard(&c->machine.shell, words, &is, err);

	return r < 0 ? r : is;
}

static int ask_for_terminal(struct client *c, struct err *err)
{
	return type(c, "tty >/dev/ttyS1\n", err);
}

static int ask_facts(struct client *c, struct err *err)
{
	int r = shell_greet(&c->machine.shell, err);

	return r < 0 ? r : shell_begin(&c->machine.shell, "id -u", err);
}

static int facts_come(struct client *c, struct err *err)
{
	CLEANUP(text_release) struct text output = { 0 };
	bool ended;
	int status = 0, r = shell_poll(&c->machine.shell, &ended, &output, &status, err);

	if (r < 0 || !ended)
		return r;
	if (status != 0 || strcmp(output.data, "0") != 0)
		return err_set(err, ERR_BOOT, "the shell on tty1 is not root's: '%s'", output.data);
	return client_screenshot(c, "", err) < 0 ? -EIO : 1;
}

int step_login(struct client *c, struct err *err)
{
	int r;

	switch ((enum login_step)c->step) {
	case LOGIN_TYPE:
		if (!c->options->image->tty1)
			return err_set(err, ERR_BOOT,
				       "the image logs nobody in on tty1, so nobody can look "
				       "inside: no further checks are possible");
		client_next_step(c);
		return ask_for_terminal(c, err);
	case LOGIN_ANSWER:
		r = heard(c, "/dev/tty1", err);
		if (r == 0 && lab_now() - c->typed > TYPE_AGAIN_S)
			return ask_for_terminal(c, err);
		if (r <= 0)
			return r;
		client_next_step(c);
		/* setsid: a shell in the background of tty1 would stop at once. */
		return type(c, "(echo @up; exec setsid sh) </dev/ttyS1 >/dev/ttyS1 2>&1 &\n", err);
	case LOGIN_SHELL:
		/* What is sent before somebody has opened the port is lost. */
		r = heard(c, "@up", err);
		if (r <= 0)
			return r;
		client_next_step(c);
		return ask_facts(c, err);
	case LOGIN_FACTS:
		return facts_come(c, err);
	}
	return 0;
}

/* ---- health -------------------------------------------------------------------------------- */

static int begin_check(struct client *c, const struct check *check, struct err *err)
{
	cleanup_free char *facts = health_facts(c);
	cleanup_free char *script = xasprintf("%s%s", facts, check->script);

	client_next_step(c);
	return shell_begin(&c->machine.shell, script, err);
}

int step_health(struct client *c, struct err *err)
{
	const struct check *check = &health_checks[c->check];
	CLEANUP(text_release) struct text output = { 0 };
	bool ended;
	int status = 0, r;

	while (check->name && check->applies && !check->applies(c->options->image))
		check = &health_checks[++c->check];
	if (!check->name)
		return 1;
	if (!c->machine.shell.busy)
		return begin_check(c, check, err);
	r = shell_poll(&c->machine.shell, &ended, &output, &status, err);
	if (r < 0 || !ended)
		return r;
	if (status != 0)
		return err_set(err, ERR_BOOT, "%s: %s", check->name,
			       output.length > 0 ? output.data : "it is not so");
	c->check++;
	return 0;
}

/* ---- the user's own script ------------------------------------------------------------------- */

/* Each line, empty ones too; its last newline was taken off before. */
static void hand_out(struct client *c, const char *output)
{
	const char *next = *output ? output : NULL;

	while (c->on_output && next) {
		const char *end = strchrnul(next, '\n');
		cleanup_free char *line = xstrndup(next, (size_t)(end - next));

		c->on_output(c, line, c->data);
		next = *end ? end + 1 : NULL;
	}
}

/* A script that still says something goes on. */
int step_script(struct client *c, struct err *err)
{
	CLEANUP(text_release) struct text output = { 0 };
	size_t heard_before;
	bool ended;
	int status = 0, r;

	if (!c->machine.shell.busy)
		return shell_begin(&c->machine.shell, c->options->script, err);
	heard_before = c->machine.shell.heard.length;
	r = shell_poll(&c->machine.shell, &ended, &output, &status, err);
	if (c->machine.shell.heard.length > heard_before)
		c->step_began = lab_now();
	if (r < 0 || !ended)
		return r;
	hand_out(c, output.length > 0 ? output.data : "");
	return status == 0 ? 1 : err_set(err, ERR_BOOT, "the script ended with status %d", status);
}

/* ---- the end ------------------------------------------------------------------------------- */

static int ended_well(struct client *c, const json_t *event, struct err *err)
{
	const char *wanted = c->options->reboot ? "guest-reset" : "guest-shutdown";
	const char *reason = json_string_value(json_object_get(event, "reason"));

	if (reason && streq(reason, wanted))
		return 1;
	return err_set(err, ERR_BOOT, "the machine stopped in another way: %s",
		       reason ? reason : "for no reason");
}

int step_end(struct client *c, struct err *err)
{
	const json_t *event;

	if (c->step == 0) {
		client_next_step(c);
		return shell_begin(&c->machine.shell, c->options->reboot ? "reboot" : "poweroff",
				   err);
	}
	event = qmp_event(c->machine.qmp, "SHUTDOWN");
	return event ? ended_well(c, event, err) : 0;
}
