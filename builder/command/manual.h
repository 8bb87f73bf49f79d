/* SPDX-License-Identifier: MIT */
/* Prints the man page netrescue(1) in troff: the verbs come from their table, the rest is text of
 * manual.c. */
#pragma once

#include <stdio.h>

#include "command/cli.h"

void manual_print(const struct verb *const *verbs, FILE *to);
