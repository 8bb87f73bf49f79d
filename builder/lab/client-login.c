/* SPDX-License-Identifier: MIT */
/*
 * What is done in the system that was booted. It is up when root's shell on the first console does
 * what is typed on the keyboard, not when `login:` appears: kernel messages cut that in two, and a
 * system that is half dead shows it, too. That shell then opens another one on the second serial
 * port, for the checks and the user's script.
 */
#include <string.h>

#include "base/memory.h"
#include "lab/client-parts.h"
#include "lab/health.h"
#include "lab/keyboard.h"

/* Of what a shell answers, when an error quotes it: bytes. */
#define SHOWN_MAX 4000
/* Then it is typed again: a login program discards what was typed before it was ready. */
#define TYPE_AGAIN_S 12

enum login_step { LOGIN_TYPE, LOGIN_ANSWER, LOGIN_SHELL, LOGIN_FACTS };

/* It is no failure if nobody reads the keyboard yet. */
static int type(struct client *c, const char *text, struct err *err)
{
	CLEANUP(err_release) struct err unread = { 0 };
	int r = keyboard_type_anywhere(c->machine.qmp, text, &unread);

	c->typed = lab_now();
	return r < 0 && unread.class == ERR_INTERRUPTED ? err_move(err, &unread) : 0;
}

static int received(struct client *c, const char *words, struct err *err)
{
	bool is;
	int r = shell_received(&c->machine.shell, words, &is, err);

	return r < 0 ? r : is;
}

static int ask_for_terminal(struct client *c, struct err *err)
{
	return type(c, "tty >/dev/ttyS1\n", err);
}

static int ask_facts(struct client *c, struct err *err)
{
	int r = shell_set_up(&c->machine.shell, err);

	return r < 0 ? r : shell_begin(&c->machine.shell, "id -u", err);
}

static int facts_come(struct client *c, struct err *err)
{
	CLEANUP(text_release) struct text output = { 0 };
	bool ended;
	int status = 0, r = shell_poll(&c->machine.shell, &ended, &output, &status, err);

	if (r < 0 || !ended)
		return r;
	if (status != 0 || !streq(output.data, "0"))
		return err_set(err, ERR_BOOT, "the shell on tty1 is not root's: '%.*s'", SHOWN_MAX,
			       output.data);
	r = client_screenshot(c, "", err);
	return r < 0 ? r : 1;
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
		r = received(c, "/dev/tty1", err);
		if (r == 0 && lab_now() - c->typed > TYPE_AGAIN_S)
			return ask_for_terminal(c, err);
		if (r <= 0)
			return r;
		client_next_step(c);
		/* In a session of its own (setsid): tty1 would stop a shell in its background. */
		return type(c, "(echo @up; exec setsid sh) </dev/ttyS1 >/dev/ttyS1 2>&1 &\n", err);
	case LOGIN_SHELL:
		/* The shell must have opened the port: what is sent before is lost. */
		r = received(c, "@up", err);
		if (r <= 0)
			return r;
		client_next_step(c);
		return ask_facts(c, err);
	case LOGIN_FACTS:
		return facts_come(c, err);
	}
	return 0;
}

void explain_login(const struct client *c, struct text *t)
{
	(void)c;
	text_add(t, "the root is mounted, but no shell answers what is typed on tty1");
}

/* ---- health -------------------------------------------------------------------------------- */

static int begin_check(struct client *c, const struct health_check *check, struct err *err)
{
	cleanup_free char *facts = health_facts(c->options);
	cleanup_free char *script = xasprintf("%s%s", facts, check->script);

	client_next_step(c);
	return shell_begin(&c->machine.shell, script, err);
}

int step_health(struct client *c, struct err *err)
{
	const struct health_check *check = &health_checks[c->check];
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
		return err_set(err, ERR_BOOT, "%s: %.*s", check->name, SHOWN_MAX,
			       output.length > 0 ? output.data : "it failed and printed nothing");
	c->check++;
	return 0;
}

void explain_health(const struct client *c, struct text *t)
{
	text_printf(t, "the check '%s' does not end", health_checks[c->check].name);
}

/* ---- the user's own script ------------------------------------------------------------------- */

/* Every line, empty ones too. The last newline was taken off before. */
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

/* As long as the script prints something there is progress. */
int step_script(struct client *c, struct err *err)
{
	CLEANUP(text_release) struct text output = { 0 };
	size_t before;
	bool ended;
	int status = 0, r;

	if (!c->machine.shell.busy)
		return shell_begin(&c->machine.shell, c->options->script, err);
	before = c->machine.shell.received.length;
	r = shell_poll(&c->machine.shell, &ended, &output, &status, err);
	if (c->machine.shell.received.length > before)
		c->step_began = lab_now();
	if (r < 0 || !ended)
		return r;
	hand_out(c, output.length > 0 ? output.data : "");
	return status == 0 ? 1 : err_set(err, ERR_BOOT, "the script ended with status %d", status);
}

void explain_script(const struct client *c, struct text *t)
{
	(void)c;
	text_add(t, "the script does not end");
}

/* ---- the end ------------------------------------------------------------------------------- */

static int ended_well(struct client *c, const json_t *event, struct err *err)
{
	const char *wanted = c->options->reboot ? "guest-reset" : "guest-shutdown";
	const char *reason = json_string_value(json_object_get(event, "reason"));

	if (reason && streq(reason, wanted))
		return 1;
	return err_set(err, ERR_BOOT, "the machine did not end by %s: QEMU's reason is %s",
		       c->options->reboot ? "a reboot" : "switching itself off",
		       reason ? reason : "not given");
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

void explain_end(const struct client *c, struct text *t)
{
	text_printf(t, "the machine does not %s",
		    c->options->reboot ? "reboot" : "switch itself off");
}
