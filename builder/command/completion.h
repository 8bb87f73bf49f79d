/* SPDX-License-Identifier: MIT */
/* Scripts that complete the command line in a shell, made from the table of verbs: verbs, options,
 * the values of options, recipes, results and other files. */
#pragma once

#include <stdio.h>

#include "command/cli.h"

void completion_print_bash(const struct verb *const *verbs, FILE *to);
void completion_print_zsh(const struct verb *const *verbs, FILE *to);
