/* SPDX-License-Identifier: MIT */
/* What a client has done in the system that it booted: scripts, without a machine. */
#include "unit.h"

#include <sys/socket.h>

#include "base/child.h"
#include "base/memory.h"
#include "base/text.h"
#include "lab/client-parts.h"
#include "lab/health.h"

/* ---- health ---------------------------------------------------------------------------------- */

static const struct image_entry plain = { ENTRY_RESCUE, "plain", "Rescue", "ro" };
static const struct image image = { .init = "systemd", .hostname = "x", .locale = "C.UTF-8" };

static void facts_for_scripts(void **state)
{
	const struct image_entry overlay = { ENTRY_RESCUE, "r", "R", "ro rescue.overlay quiet" };
	struct client_options o = { .image = &image, .entry = &overlay };
	cleanup_free char *with = health_facts(&o), *without = NULL;

	(void)state;
	assert_non_null(strstr(with, "init='systemd'\n"));
	assert_non_null(strstr(with, "overlay='1'\n"));
	assert_non_null(strstr(with, "locale='C.UTF-8'\n"));
	assert_non_null(strstr(with, "hostname='x'\n"));
	o.entry = &plain;
	without = health_facts(&o);
	assert_non_null(strstr(without, "overlay='0'\n"));
}

/* Each is bash that parses, facts before it. */
static void checks_are_scripts(void **state)
{
	const struct client_options o = { .image = &image, .entry = &plain };
	cleanup_free char *facts = health_facts(&o);

	(void)state;
	for (const struct health_check *check = health_checks; check->name; check++) {
		cleanup_free char *script = xasprintf("%s%s", facts, check->script);
		const char *const argv[] = { "bash", "-n", "-c", script, NULL };
		CLEANUP(err_release) struct err err = { 0 };

		assert_int_equal(child_run(&(struct child_options){ .argv = argv }, 0, NULL, &err),
				 0);
	}
}

/* ---- a script -------------------------------------------------------------------------------- */

static void add_line(const struct client *c, const char *line, void *data)
{
	(void)c;
	text_printf(data, "[%s]", line);
}

static void hands_out_every_line(void **state)
{
	static const char said[] = "\n@begin0\none\n\n  two\n\n\n@end0 0\n";
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text lines = { 0 };
	struct client c = { .machine = MACHINE_INIT, .on_output = add_line, .data = &lines };
	int port[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, port), 0);
	c.machine.shell.fd = port[0];
	c.machine.shell.busy = true;
	assert_int_equal(write(port[1], said, sizeof(said) - 1), sizeof(said) - 1);
	assert_int_equal(step_script(&c, &err), 1);
	assert_string_equal(lines.data, "[one][][  two][]");
	shell_release(&c.machine.shell);
	assert_int_equal(close(port[1]), 0);
}

/* The image's shell may answer with megabytes. */
static void quotes_little_of_a_check(void **state)
{
	const struct client_options o = { .image = &image, .entry = &plain };
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(text_release) struct text said = { 0 };
	struct client c = { .machine = MACHINE_INIT, .options = &o };
	int port[2];

	(void)state;
	text_add(&said, "\n@begin0\n");
	for (int i = 0; i < 10000; i++)
		text_add(&said, "x");
	text_add(&said, "\n@end0 1\n");
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, port), 0);
	c.machine.shell.fd = port[0];
	c.machine.shell.busy = true;
	assert_int_equal(write(port[1], said.data, said.length), said.length);
	assert_true(step_health(&c, &err) < 0);
	assert_true(strlen(err.message) < 4100);
	shell_release(&c.machine.shell);
	assert_int_equal(close(port[1]), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_for_scripts),
		cmocka_unit_test(checks_are_scripts),
		cmocka_unit_test(hands_out_every_line),
		cmocka_unit_test(quotes_little_of_a_check),
	};

	return cmocka_run_group_tests_name("client_inside", tests, NULL, NULL);
}
