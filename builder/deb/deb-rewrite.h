/* SPDX-License-Identifier: MIT */
/* Rewrites a .deb into its plain form (deb.h): the control file is read as control.h reads it,
 * every entry is judged as deb-check.h says, and both members are written anew without
 * compression. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

/* in_fd is read from its beginning; out_fd is seekable and empty. installed_size: bytes, what the
 * index says, or 0. The control file is appended to ret_control, without its last newline.
 * ERR_BUILD, with the reason, if the package is refused. */
int deb_rewrite(int in_fd, int out_fd, uint64_t installed_size, struct text *ret_control,
		struct err *err);
