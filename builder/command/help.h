/* SPDX-License-Identifier: MIT */
/* --help of the program and of a verb, in at most 79 columns, made from the table of verbs. */
#pragma once

#include <stdio.h>

#include "command/cli.h"

void help_print(const struct verb *const *verbs, FILE *to);
void help_print_verb(const struct verb *verb, FILE *to);

/* Ends with one whose meaning is NULL. */
struct exit_code {
	const char *code; /* "128+N" */
	const char *meaning;
};
extern const struct exit_code exit_codes[];
