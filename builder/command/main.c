/* SPDX-License-Identifier: MIT */
/* Finds the verb, runs it and prints the error if there is one. Nowhere else is an error printed or
 * this process ended. */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err-report.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/text.h"
#include "base/json.h"
#include "command/cli.h"
#include "command/help.h"
#include "command/verbs.h"

static const char *const class_names[] = {
	[ERR_NONE] = "none",
	[ERR_BUILD] = "build",
	[ERR_USAGE] = "usage",
	[ERR_TRUST] = "trust",
	[ERR_NETWORK] = "network",
	[ERR_BOOT] = "boot",
	[ERR_INTERRUPTED] = "interrupted",
};

static void print_json_error(const struct err *err)
{
	json_t *o = json_object();

	json_add_text(o, "event", "error");
	json_add_text(o, "class", class_names[err->class]);
	json_add_text(o, "message", err->message);
	json_add_text(o, "hint", err->hint);
	json_add_text(o, "file", err->file);
	json_add_number(o, "line", err->line);
	json_add_number(o, "column", err->column);
	json_print(o);
}

static void apply_output_options(const struct invocation *in)
{
	log_set_level(in->quiet ? LOG_QUIET : in->verbose ? LOG_VERBOSE : LOG_NORMAL);
	if (in->json)
		progress_set_mode(PROGRESS_JSON);
	else if (in->quiet)
		progress_set_mode(PROGRESS_NONE);
	else
		progress_set_mode(progress_default_mode());
}

static int run(int argc, char *argv[], struct invocation **in, struct err *err)
{
	if (argc < 2) {
		help_print(verbs, stderr);
		err_set(err, ERR_USAGE, "no verb given");
		return err_hint(err, "to build an image: netrescue build RECIPE");
	}
	if (streq(argv[1], "--help") || streq(argv[1], "-h")) {
		help_print(verbs, stdout);
		return 0;
	}
	const char *name = streq(argv[1], "--version") ? "version" : argv[1];
	const struct verb *verb = verb_find(verbs, name, err);
	if (!verb)
		return err_value(err);
	int r = cli_parse(verb, verbs, argc - 1, argv + 1, in, err);
	if (r < 0)
		return r;
	if ((*in)->help) {
		help_print_verb(verb, stdout);
		return 0;
	}
	apply_output_options(*in);
	return verb->run(*in, err);
}

int main(int argc, char *argv[])
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(invocation_cleanup) struct invocation *in = NULL;

	/* Names in archives are bytes; in a UTF-8 locale libarchive leaves them alone. */
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		setlocale(LC_CTYPE, "C");
	interrupt_init();
	int r = run(argc, argv, &in, &err);
	if (r >= 0 && (fflush(stdout) != 0 || ferror(stdout)))
		r = err_errno(&err, ERR_BUILD, errno, "cannot write to standard output");
	if (r < 0) {
		progress_abort();
		if (in && in->json)
			print_json_error(&err);
		err_print(&err, stderr);
		return err_exit_code(&err);
	}
	return r;
}
