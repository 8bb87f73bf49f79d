/* SPDX-License-Identifier: MIT */
/* netrescue(1) in troff: the verbs from their table, and what else there is to know. */
#pragma once

#include <stdio.h>

#include "command/cli.h"

void manual_print(const struct verb *const *verbs, FILE *to);
