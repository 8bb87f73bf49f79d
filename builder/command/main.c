/* SPDX-License-Identifier: MIT */
/* Finds the verb, runs it, prints the error if there is one: nowhere else is an error printed or a
 * process ended. */
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
#include "command/cli.h"
#include "base/json.h"

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

static int find_verb(const char *name, const struct verb **ret, struct err *err)
{
	const char *names[32];
	size_t count = 0;
	CLEANUP(strv_release) struct strv near = { 0 };

	*ret = verb_find(name);
	if (*ret)
		return 0;
	for (const struct verb *const *v = verbs; *v; v++)
		if (!(*v)->hidden)
			names[count++] = (*v)->name;
	nearest(name, names, count, 1, &near);
	err_set(err, ERR_USAGE, "unknown verb '%s'", name);
	if (near.count > 0)
		return err_hint(err, "did you mean '%s'?", near.item[0]);
	return err_hint(err, "'netrescue --help' lists the verbs");
}

static int run(int argc, char *argv[], struct invocation *in, struct err *err)
{
	const struct verb *verb = NULL;

	if (argc < 2) {
		help_print(stderr);
		err_set(err, ERR_USAGE, "no verb given");
		return err_hint(err, "to build an image: netrescue build RECIPE");
	}
	if (streq(argv[1], "--help") || streq(argv[1], "-h")) {
		help_print(stdout);
		return 0;
	}
	int r = find_verb(streq(argv[1], "--version") ? "version" : argv[1], &verb, err);
	if (r < 0)
		return r;
	r = cli_parse(verb, argc - 1, argv + 1, in, err);
	if (r < 0)
		return r;
	if (in->help) {
		help_print_verb(verb, stdout);
		return 0;
	}
	apply_output_options(in);
	return verb->run(in, err);
}

int main(int argc, char *argv[])
{
	CLEANUP(err_release) struct err err = { 0 };
	CLEANUP(invocation_release) struct invocation in = { 0 };

	/* Names in archives are bytes; in a UTF-8 locale libarchive leaves them alone. */
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		setlocale(LC_CTYPE, "C");
	umask(022);
	interrupt_init();
	int r = run(argc, argv, &in, &err);
	if (r >= 0 && (fflush(stdout) != 0 || ferror(stdout)))
		r = err_errno(&err, ERR_BUILD, errno, "cannot write to standard output");
	if (r < 0) {
		progress_abort();
		if (in.json)
			print_json_error(&err);
		err_print(&err, stderr);
		return err_exit_code(&err);
	}
	return r;
}
