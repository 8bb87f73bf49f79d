/* SPDX-License-Identifier: MIT */
/* The head of a .deb: an ar archive, ar(5), deb(5). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Magic number, header and content of debian-binary, header of control.tar: so many bytes at the
 * beginning of a package say when it was made, and a range request asks a mirror for no more. */
#define AR_HEAD 132

/* The time stamp of the first member, in seconds: dpkg-deb writes the date of the last changelog
 * entry there. head holds the first `size` bytes, at least AR_HEAD. As strict as deb-reader.h:
 * ERR_TRUST if these are not the head of a .deb. name: for the message. */
int ar_time(const char *name, const char *head, size_t size, int64_t *ret, struct err *err);
