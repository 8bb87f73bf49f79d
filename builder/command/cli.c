/* SPDX-License-Identifier: MIT */
#include "command/cli.h"

#include <getopt.h>
#include <string.h>

#include "base/memory.h"

#define OPTION_MAX 48
#define VERB_MAX 32
#define NUMBER_MAX 65536
#define LONG_ONLY 0x100 /* getopt values of options without a letter */

const struct option_row *option_next(const struct verb *verb, const struct option_row *row)
{
	for (row = row ? row + 1 : verb->option; row->kind != OPTION_END; row++)
		if (!row->hidden)
			return row;
	return NULL;
}

const struct verb *verb_find(const struct verb *const *verbs, const char *name, struct err *err)
{
	const char *names[VERB_MAX];
	size_t count = 0;
	CLEANUP(strv_release) struct strv near = { 0 };

	for (const struct verb *const *v = verbs; *v; v++) {
		if (streq((*v)->name, name))
			return *v;
		if (!(*v)->hidden && count < VERB_MAX)
			names[count++] = (*v)->name;
	}
	nearest(name, names, count, 1, &near);
	err_set(err, ERR_USAGE, "unknown verb '%s'", name);
	if (near.count > 0)
		err_hint(err, "did you mean '%s'?", near.item[0]);
	else
		err_hint(err, "'netrescue --help' lists the verbs");
	return NULL;
}

static int set_field(const struct option_row *row, const char *value, struct invocation *in,
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
			return err_set(err, ERR_USAGE, "option --%s: its argument is empty",
				       row->name);
		*(const char **)field = value;
		return row->check ? row->check(value, err) : 0;
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
	case OPTION_END:
	case OPTION_GROUP:
		break;
	}
	return 0;
}

static int unknown_option(const struct verb *verb, const char *given, struct err *err)
{
	const char *names[OPTION_MAX];
	size_t count = 0;
	CLEANUP(strv_release) struct strv near = { 0 };

	for (const struct option_row *row = NULL; (row = option_next(verb, row));)
		if (row->name)
			names[count++] = row->name;
	nearest(given + strspn(given, "-"), names, count, 1, &near);
	err_set(err, ERR_USAGE, "netrescue %s: bad option or missing argument: '%s'", verb->name,
		given);
	if (near.count > 0)
		return err_hint(err, "did you mean '--%s'?", near.item[0]);
	return err_hint(err, "'netrescue %s --help' lists the options", verb->name);
}

static int missing_argument(const struct verb *verb, struct err *err)
{
	err_set(err, ERR_USAGE, "netrescue %s: missing %s", verb->name, verb->arguments);
	if (verb->missing)
		return verb->missing(err);
	return err_hint(err, "usage: netrescue %s [OPTION…] %s", verb->name, verb->arguments);
}

static int check_arguments(const struct invocation *in, struct err *err)
{
	const struct verb *verb = in->verb;

	if (in->help)
		return 0;
	if (in->argument_count < verb->min_arguments)
		return missing_argument(verb, err);
	if (in->argument_count > verb->max_arguments)
		return err_set(err, ERR_USAGE, "netrescue %s: unexpected argument '%s'", verb->name,
			       in->argument[verb->max_arguments]);
	if (in->quiet && in->verbose)
		return err_set(err, ERR_USAGE, "--quiet and --verbose exclude each other");
	return 0;
}

/* For getopt_long(3): a row's long option has the row's place as its value. */
static void describe_options(const struct verb *verb, struct option *longs, char *letters)
{
	size_t count = 0;

	*letters++ = ':';
	for (const struct option_row *row = verb->option; row->kind != OPTION_END; row++) {
		int has = row->kind == OPTION_FLAG ? no_argument : required_argument;

		if (row->kind == OPTION_GROUP)
			continue;
		longs[count++] = (struct option){ row->name, has, NULL,
						  LONG_ONLY + (int)(row - verb->option) };
		if (row->letter) {
			*letters++ = row->letter;
			if (has == required_argument)
				*letters++ = ':';
		}
	}
	*letters = '\0';
}

static const struct option_row *find_row(const struct verb *verb, int value)
{
	for (const struct option_row *row = verb->option; row->kind != OPTION_END; row++)
		if (value == LONG_ONLY + (int)(row - verb->option) || value == row->letter)
			return row;
	return NULL;
}

int cli_parse(const struct verb *verb, const struct verb *const *verbs, int argc, char *argv[],
	      struct invocation **ret, struct err *err)
{
	struct option longs[OPTION_MAX + 1] = { 0 };
	char letters[2 * OPTION_MAX + 2];
	CLEANUP(invocation_cleanup) struct invocation *in = xcalloc(1, verb->size);
	int value, r;

	in->verb = verb;
	in->verbs = verbs;
	describe_options(verb, longs, letters);
	opterr = 0;
	optind = 1;
	while ((value = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const struct option_row *row = find_row(verb, value);

		if (!row)
			return unknown_option(verb, argv[optind - 1], err);
		r = set_field(row, optarg, in, err);
		if (r < 0)
			return r;
	}
	in->argument = (const char *const *)argv + optind;
	in->argument_count = (size_t)(argc - optind);
	r = check_arguments(in, err);
	if (r < 0)
		return r;
	*ret = take_ptr(in);
	return 0;
}

void invocation_free(struct invocation *in)
{
	if (!in)
		return;
	for (const struct option_row *row = in->verb->option; row->kind != OPTION_END; row++)
		if (row->kind == OPTION_LIST)
			strv_release((struct strv *)((char *)in + row->offset));
	free(in);
}
