/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "base/err.h"

/* Whether a compressed file holds no more than `most` bytes, once every compression is undone that
 * unpacking it undoes (tar/extract.h): little can become so much that no disk has room for it. fd
 * is read to its end and stands at its start afterwards. ERR_USAGE if there is more, or if it is
 * damaged; ERR_INTERRUPTED after a signal. `name` is for messages. */
int unpacked_check(int fd, uint64_t most, const char *name, struct err *err);
