/* SPDX-License-Identifier: MIT */
/* A .deb into its plain form: every member judged (deb-check.h), written anew and uncompressed. */
#pragma once

#include <stdint.h>

#include "base/err.h"

/* in_fd is read from its position; out_fd is seekable and empty. installed_size: the index's,
 * bytes. */
int deb_rewrite(int in_fd, int out_fd, uint64_t installed_size, struct err *err);
