/* SPDX-License-Identifier: MIT */
/*
 * The command line. One table of verbs, each with its table of options, drives parsing, --help
 * (help.h), the man page (manual.h) and the shells' completion (completion.h): nothing is written
 * twice.
 *
 * A verb has a file of its own, verb-NAME.c, with a struct of its options beside it. That struct
 * begins with a struct invocation, and the table of options (options.h) says which field each
 * option fills:
 *
 *	struct gc_invocation {
 *		struct invocation in;
 *		const char *out;
 *	};
 *	#define INVOCATION struct gc_invocation
 *	static const struct option_row options[] = { OPTION_OUT, OPTION_HELP, OPTIONS_END };
 *
 *	static int run(const struct invocation *in, struct err *err)
 *	{
 *		const struct gc_invocation *o = (const struct gc_invocation *)in;
 *
 * Declare the verb in verbs.h and name it in the table of verbs.c. The table is handed down by
 * main: no verb knows of another.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text.h"

enum option_kind {
	OPTION_END,    /* ends the table */
	OPTION_GROUP,  /* no option but a heading, in .help, over those that follow */
	OPTION_FLAG,   /* bool */
	OPTION_TEXT,   /* const char *, borrowed from argv */
	OPTION_NUMBER, /* unsigned, from 1 */
	OPTION_LIST,   /* struct strv: the option may be given more than once */
};

struct option_row {
	enum option_kind kind;
	char letter;	      /* 'j', or 0 */
	bool hidden;	      /* an old spelling, which is still understood but shown nowhere */
	const char *name;     /* "offline" */
	const char *argument; /* "DIR", for help and completion; NULL for flags */
	const char *help;     /* a line or two */
	const char *words; /* for completion: the values; NULL: as the argument's name suggests */
	/* OPTION_TEXT: refuses a value before anything begins; NULL: takes any */
	int (*check)(const char *value, struct err *err);
	size_t offset; /* of the field in the verb's struct */
};

struct example {
	const char *command; /* after "netrescue "; NULL ends the table */
	const char *what;    /* what it does, as the end of a sentence without its full stop */
};

struct verb;

/* What every verb's struct begins with. */
struct invocation {
	const struct verb *verb;
	const struct verb *const *verbs; /* all of them, NULL-terminated */
	const char *const *argument;	 /* those that are no options, borrowed from argv */
	size_t argument_count;
	bool help, quiet, verbose, json;
};

struct verb {
	const char *name;
	const char *arguments;	 /* "RECIPE"; "" for none */
	const char *words;	 /* for completion: the values; NULL: as their names suggest */
	const char *summary;	 /* one line */
	const char *description; /* a paragraph or two */
	const struct example *example;
	size_t min_arguments, max_arguments;
	const struct option_row *option; /* ends with OPTIONS_END */
	size_t size;			 /* of the verb's struct */
	bool hidden; /* only netrescue itself calls it (verb-internal.c): not in help */
	/* Adds a hint to the error about a missing argument; NULL: the usage. */
	int (*missing)(struct err *err);
	/* 0, a positive exit code that is no error (diff: 1), or negative with err set. */
	int (*run)(const struct invocation *in, struct err *err);
};

/* NULL, with err set to ERR_USAGE and a hint, if there is none of that name. */
const struct verb *verb_find(const struct verb *const *verbs, const char *name, struct err *err);

/* Parses argv[1..] of the verb (argv[0] is its name). *ret is the first member of the verb's
 * struct; the caller frees it with invocation_free(). ERR_USAGE with a hint. */
int cli_parse(const struct verb *verb, const struct verb *const *verbs, int argc, char *argv[],
	      struct invocation **ret, struct err *err);
void invocation_free(struct invocation *in);
DEFINE_CLEANUP_PTR(invocation)

/* The rows of the table that are options people should see, from the one after `row` (NULL: from
 * the first); headings too. NULL at the end. */
const struct option_row *option_next(const struct verb *verb, const struct option_row *row);
