/* SPDX-License-Identifier: MIT */
/* The beginning of a .deb, which is an ar archive (ar(5), deb(5)). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* How many bytes the beginning of a package has: the magic number, the header and content of
 * debian-binary, and the header of control.tar. They say when the package was made, so a range
 * request asks a mirror for no more. */
#define AR_HEAD 132

/* The time stamp of the first member, in seconds: dpkg-deb writes the date of the last changelog
 * entry there. head holds the first `size` bytes, at least AR_HEAD. As strict as deb-reader.h:
 * ERR_TRUST if these are not the head of a .deb. name: for the message. */
int ar_time(const char *name, const char *head, size_t size, int64_t *ret, struct err *err);
