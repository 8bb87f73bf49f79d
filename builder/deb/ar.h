/* SPDX-License-Identifier: MIT */
/* The head of a .deb: an ar archive, ar(5), deb(5). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Magic, header and content of debian-binary, header of control.tar: what a range request asks
 * for. */
#define AR_HEAD 132

/* Time stamp of the first member, in seconds: dpkg-deb writes the changelog's date there. head
 * holds the first AR_HEAD bytes. ERR_TRUST if it is not the head of a .deb; name: for the
 * message. */
int ar_time(const char *name, const char *head, size_t size, int64_t *ret, struct err *err);
