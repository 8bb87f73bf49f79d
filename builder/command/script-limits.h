/* SPDX-License-Identifier: MIT */
/* What scripts may take, as options and the environment say it. */
#pragma once

#include "base/err.h"
#include "sandbox/limits.h"

/* memory and timeout: the arguments of --memory and --script-timeout, or NULL. What nothing names
 * is 0 in *ret, which means the default. ERR_USAGE. */
int script_limits(const char *memory, const char *timeout, struct sandbox_limits *ret,
		  struct err *err);
