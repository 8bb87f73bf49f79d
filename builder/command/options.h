/* SPDX-License-Identifier: MIT */
/*
 * How the tables of options are written (cli.h), and the options that several verbs have. To be
 * included by the verbs only. INVOCATION is the verb's struct; each file defines it.
 */
#pragma once

#include "command/cli.h"
#include "sandbox/sandbox.h"

/* The field's place; the compiler refuses a field of another type than the option fills. */
#define FIELD(field, type)                                                                         \
	(offsetof(INVOCATION, field) + sizeof(struct {                                             \
		 _Static_assert(                                                                   \
			 __builtin_types_compatible_p(__typeof__(((INVOCATION *)0)->field), type), \
			 #field " is not a " #type);                                               \
	 }))

#define GROUP(heading)                                                                             \
	{                                                                                          \
		.kind = OPTION_GROUP, .help = (heading)                                            \
	}
#define FLAG(option, field, text, ...)                                                             \
	{                                                                                          \
		.kind = OPTION_FLAG, .name = (option), .help = (text),                             \
		.offset = FIELD(field, bool), __VA_ARGS__                                          \
	}
#define TEXT(option, field, of, text, ...)                                                         \
	{                                                                                          \
		.kind = OPTION_TEXT, .name = (option), .argument = (of), .help = (text),           \
		.offset = FIELD(field, const char *), __VA_ARGS__                                  \
	}
#define NUMBER(option, field, of, text, ...)                                                       \
	{                                                                                          \
		.kind = OPTION_NUMBER, .name = (option), .argument = (of), .help = (text),         \
		.offset = FIELD(field, unsigned), __VA_ARGS__                                      \
	}
#define LIST(option, field, of, text, ...)                                                         \
	{                                                                                          \
		.kind = OPTION_LIST, .name = (option), .argument = (of), .help = (text),           \
		.offset = FIELD(field, struct strv), __VA_ARGS__                                   \
	}
#define OPTIONS_END                                                                                \
	{                                                                                          \
		.kind = OPTION_END                                                                 \
	}

/* Each fills the field of its name. */
#define OPTION_HELP FLAG("help", in.help, "this text", .letter = 'h')
#define OPTION_JSON FLAG("json", in.json, "one JSON object a line on stdout")
#define OPTION_QUIET FLAG("quiet", in.quiet, "warnings and errors only", .letter = 'q')
#define OPTION_VERBOSE FLAG("verbose", in.verbose, "say more on the way", .letter = 'v')
#define OPTION_STORE                                                                               \
	TEXT("store", store, "DIR",                                                                \
	     "downloads and caches (default: $NETRESCUE_STORE, else ~/.cache/netrescue)")
#define OPTION_OUT TEXT("out", out, "DIR", "where results are (default: out)", .letter = 'o')
#define OPTION_MIRROR                                                                              \
	TEXT("mirror", mirror, "URL", "Debian mirror to ask (default: the one apt uses here)")
#define OPTION_KEYRING                                                                             \
	TEXT("keyring", keyring, "FILE",                                                           \
	     "keys that may sign the archive (default: debian-archive-keyring's)")
#define OPTION_OFFLINE FLAG("offline", offline, "use what the store holds, ask no mirror")
#define OPTION_SITE                                                                                \
	LIST("site", site, "FILE", "lay the keys of this file over the recipe; may be repeated")
#define OPTION_SET                                                                                 \
	LIST("set", set, "KEY=VALUE",                                                              \
	     "lay this value over both; KEY+=VALUE adds to a list; may be repeated")
#define OPTION_ALLOW                                                                               \
	LIST("allow", allow, "PATH",                                                               \
	     "let the recipe read this folder or file besides its own; may be repeated")
#define OPTION_SANDBOX                                                                             \
	TEXT("sandbox", sandbox, "KIND", "auto, namespace or guestfs (default: auto)",             \
	     .words = "auto namespace guestfs", .check = sandbox_check_kind)
#define OPTION_MEMORY                                                                              \
	TEXT("memory", memory, "SIZE",                                                             \
	     "memory that scripts and tree may take, as 4G (default: nine tenths of what is free)")
#define OPTION_SCRIPT_TIMEOUT                                                                      \
	TEXT("script-timeout", script_timeout, "DURATION",                                         \
	     "end a script that runs longer, as 10m (default: never)")
#define OPTION_JOBS                                                                                \
	NUMBER("jobs", jobs, "N", "worker processes (default: one a processor)", .letter = 'j')
#define OPTION_SSH                                                                                 \
	TEXT("ssh", ssh, "COMMAND", "how to reach the server, as 'ssh -p 2222' (default: ssh)")
#define OPTION_WAIT                                                                                \
	NUMBER("wait", wait, "SECONDS", "wait so long for another netrescue that works there")
#define OPTION_DRY_RUN FLAG("dry-run", dry_run, "say what would be done", .letter = 'n')
