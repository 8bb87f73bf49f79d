/* SPDX-License-Identifier: MIT */
#include "command/cli.h"

#include <getopt.h>
#include <limits.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define FIELD(name) offsetof(struct invocation, name)
#define OPTION_MAX 40
#define NUMBER_MAX 65536
#define LONG_ONLY 0x100 /* getopt values of options without a letter */

const struct option_row option_lock = {
	"lock", 0, OPTION_TEXT, "FILE", "build exactly what this lock says, or fail", FIELD(lock)
};
const struct option_row option_out = {
	"out", 'o', OPTION_TEXT, "DIR", "where results go (default: out)", FIELD(out)
};
const struct option_row option_store = {
	"store",
	0,
	OPTION_TEXT,
	"DIR",
	"downloads and caches (default: $NETRESCUE_STORE, else ~/.cache/netrescue)",
	FIELD(store)
};
const struct option_row option_mirror = { "mirror",
					  0,
					  OPTION_TEXT,
					  "URL",
					  "Debian mirror to ask (default: the one apt uses here)",
					  FIELD(mirror) };
const struct option_row option_keyring = {
	"keyring",
	0,
	OPTION_TEXT,
	"FILE",
	"keys that may sign the archive (default: debian-archive-keyring's)",
	FIELD(keyring)
};
const struct option_row option_offline = {
	"offline", 0, OPTION_FLAG, NULL, "use what the store holds, ask no mirror", FIELD(offline)
};
const struct option_row option_no_cache = { "no-cache",
					    0,
					    OPTION_FLAG,
					    NULL,
					    "build again even if the result is there, and compare",
					    FIELD(no_cache) };
const struct option_row option_sandbox = {
	"sandbox",     0, OPTION_TEXT, "KIND", "auto, namespace or guestfs (default: auto)",
	FIELD(sandbox)
};
const struct option_row option_jobs = {
	"jobs", 'j', OPTION_NUMBER, "N", "worker processes (default: one a processor)", FIELD(jobs)
};
const struct option_row option_json = {
	"json", 0, OPTION_FLAG, NULL, "one JSON object a line on stdout", FIELD(json)
};
const struct option_row option_quiet = {
	"quiet", 'q', OPTION_FLAG, NULL, "warnings and errors only", FIELD(quiet)
};
const struct option_row option_verbose = {
	"verbose", 'v', OPTION_FLAG, NULL, "say more on the way", FIELD(verbose)
};
const struct option_row option_help = { "help", 'h', OPTION_FLAG, NULL, "this text", FIELD(help) };
const struct option_row option_dry_run = {
	"dry-run", 'n', OPTION_FLAG, NULL, "say what would be done", FIELD(dry_run)
};
const struct option_row option_all = {
	"all",	   0, OPTION_FLAG, NULL, "go on where there is no lock that says what to keep",
	FIELD(all)
};
const struct option_row option_markdown = { "markdown",		 0,
					    OPTION_FLAG,	 NULL,
					    "as docs/recipe.md", FIELD(markdown) };
const struct option_row option_example = {
	"example", 0, OPTION_FLAG, NULL, "as a commented recipe", FIELD(example)
};

void invocation_release(struct invocation *in)
{
	strv_release(&in->disk);
	strv_release(&in->qemu);
	strv_release(&in->update);
}

const struct verb *verb_find(const char *name)
{
	for (const struct verb *const *v = verbs; *v; v++)
		if (streq((*v)->name, name))
			return *v;
	return NULL;
}

static int store_value(const struct option_row *row, const char *value, struct invocation *in,
		       struct err *err)
{
	char *field = (char *)in + row->offset;
	uint64_t number;

	switch (row->kind) {
	case OPTION_FLAG:
		*(bool *)field = true;
		return 0;
	case OPTION_TEXT:
		if (!*value)
			return err_set(err, ERR_USAGE, "option --%s: empty argument", row->name);
		*(const char **)field = value;
		return 0;
	case OPTION_NUMBER:
		if (parse_u64(value, &number) < 0 || number == 0 || number > NUMBER_MAX)
			return err_set(err, ERR_USAGE,
				       "option --%s: '%s' is not a number from 1 to %d", row->name,
				       value, NUMBER_MAX);
		*(unsigned *)field = (unsigned)number;
		return 0;
	case OPTION_LIST:
		strv_add((struct strv *)field, value);
		return 0;
	}
	return 0;
}

static int unknown_option(const struct verb *verb, const char *given, struct err *err)
{
	const char *names[OPTION_MAX];
	size_t count = 0;
	CLEANUP(strv_release) struct strv near = { 0 };

	for (const struct option_row *const *row = verb->option; *row; row++)
		names[count++] = (*row)->name;
	nearest(given + strspn(given, "-"), names, count, 1, &near);
	err_set(err, ERR_USAGE, "netrescue %s: bad option or missing argument: '%s'", verb->name,
		given);
	if (near.count > 0)
		return err_hint(err, "did you mean '--%s'?", near.item[0]);
	return err_hint(err, "'netrescue %s --help' lists the options", verb->name);
}

static int check_arguments(const struct verb *verb, const struct invocation *in, struct err *err)
{
	if (in->help)
		return 0;
	if (in->argument_count < verb->min_arguments) {
		err_set(err, ERR_USAGE, "netrescue %s: missing %s", verb->name, verb->arguments);
		return err_hint(err, "usage: netrescue %s [OPTION…] %s", verb->name,
				verb->arguments);
	}
	if (in->argument_count > verb->max_arguments)
		return err_set(err, ERR_USAGE, "netrescue %s: unexpected argument '%s'", verb->name,
			       in->argument[verb->max_arguments]);
	if (in->quiet && in->verbose)
		return err_set(err, ERR_USAGE, "--quiet and --verbose exclude each other");
	return 0;
}

int cli_parse(const struct verb *verb, int argc, char *argv[], struct invocation *ret,
	      struct err *err)
{
	struct option longs[OPTION_MAX + 1] = { 0 };
	char letters[3 * OPTION_MAX + 2] = ":";
	CLEANUP(invocation_release) struct invocation in = { 0 };
	int value;

	for (size_t i = 0; verb->option[i]; i++) {
		const struct option_row *row = verb->option[i];
		int has = row->kind == OPTION_FLAG ? no_argument : required_argument;

		longs[i] = (struct option){ row->name, has, NULL, LONG_ONLY + (int)i };
		if (row->letter)
			snprintf(letters + strlen(letters), 4, "%c%s", row->letter, has ? ":" : "");
	}
	opterr = 0;
	optind = 1;
	while ((value = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const struct option_row *row = NULL;

		for (size_t i = 0; verb->option[i]; i++)
			if (value == LONG_ONLY + (int)i || value == verb->option[i]->letter)
				row = verb->option[i];
		if (!row)
			return unknown_option(verb, argv[optind - 1], err);
		int r = store_value(row, optarg, &in, err);
		if (r < 0)
			return r;
	}
	in.argument = (const char *const *)argv + optind;
	in.argument_count = (size_t)(argc - optind);
	int r = check_arguments(verb, &in, err);
	if (r < 0)
		return r;
	*ret = in;
	in = (struct invocation){ 0 };
	return 0;
}
