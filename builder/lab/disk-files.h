/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "lab/lab-image.h"

/* What the lab's file server serves, as a pax tar on out_fd: the image's tftp/ and server/, and, if
 * mirror is not NULL, that directory as mirror/. Modes are kept, owner is root, times are 0: the
 * same files are the same bytes. *ret_size: what they hold, bytes. */
int disk_files_write(const struct image *i, const char *mirror, int out_fd, uint64_t *ret_size,
		     struct err *err);
