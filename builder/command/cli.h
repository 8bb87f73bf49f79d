/* SPDX-License-Identifier: MIT */
/*
 * The command line. One table of verbs, each with its table of options, drives parsing, --help, the
 * man page and the shell completion; nothing is written twice.
 *
 * To add a verb: write verb-NAME.c with a `const struct verb verb_NAME`, name it in verbs[]
 * (verbs.c).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "base/text.h"

/* Every option any verb has, parsed. Strings are borrowed from argv. Zero-initialised. */
struct invocation {
	const char *lock;
	const char *recipe;
	const char *out;
	const char *store;
	const char *mirror;
	const char *keyring;
	const char *sandbox;
	const char *sign;
	const char *signed_by;
	unsigned jobs;
	bool offline;
	bool no_cache;
	bool json;
	bool quiet;
	bool verbose;
	bool help;
	bool markdown;
	bool example;
	bool dry_run;
	bool all;
	bool check;
	bool simple;
	bool reboot;
	bool systemd_server;
	const char *firmware;
	const char *entry;
	const char *nic;
	const char *display;
	const char *screenshot;
	const char *expect;
	const char *until;
	const char *bridge;
	const char *logs;
	const char *serve;
	const char *server;
	const char *script;
	const char *server_script;
	unsigned clients;
	unsigned memory;
	unsigned timeout;
	struct strv disk, qemu, update; /* owned */
	const char *const *argument;
	size_t argument_count;
};

/* A list is an option that may be given more than once. */
enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_NUMBER, OPTION_LIST };

struct option_row {
	const char *name; /* "offline" */
	char letter;	  /* 'j', or 0 */
	enum option_kind kind;
	const char *argument; /* "DIR", for help; NULL for flags */
	const char *help;     /* one line */
	size_t offset;	      /* of the field in struct invocation */
};

struct verb {
	const char *name;
	const char *arguments;	 /* "RECIPE"; "" for none */
	const char *summary;	 /* one line */
	const char *description; /* a paragraph or two */
	size_t min_arguments, max_arguments;
	const struct option_row *const *option; /* NULL-terminated */
	bool hidden;				/* for our own children: not in help */
	/* 0, a positive exit code that is no error (diff: 1), or negative with err set. */
	int (*run)(const struct invocation *in, struct err *err);
};

extern const struct verb *const verbs[]; /* NULL-terminated, in the order of help */

/* Options that more than one verb has. */
extern const struct option_row option_store, option_json, option_quiet, option_verbose, option_help,
	option_mirror, option_keyring, option_offline, option_jobs, option_sandbox, option_lock,
	option_out, option_no_cache, option_dry_run, option_all, option_markdown, option_example;

void invocation_release(struct invocation *in);

const struct verb *verb_find(const char *name);
/* Parses argv[1..] of the verb (argv[0] is its name). ERR_USAGE with a hint. */
int cli_parse(const struct verb *verb, int argc, char *argv[], struct invocation *ret,
	      struct err *err);

void help_print(FILE *to);
void help_print_verb(const struct verb *verb, FILE *to);
void help_print_man(FILE *to);	      /* troff, netrescue(1) */
void help_print_completion(FILE *to); /* bash */
