/* SPDX-License-Identifier: MIT */
/*
 * The files that the lab's file server serves besides the root: the image's tftp/ and server/, and,
 * if mirror is not NULL, that directory as mirror/. They are written as one archive, of which
 * disk.h makes a disk.
 */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "lab/image.h"

/* Writes a pax tar to out_fd. Modes are kept, all belongs to root and all times are 0, so that the
 * same files give the same bytes. *ret_size is the sum of the files' sizes. */
int disk_files_write(const struct image *i, const char *mirror, int out_fd, uint64_t *ret_size,
		     struct err *err);
