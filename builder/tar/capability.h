/* SPDX-License-Identifier: MIT */
/*
 * File capabilities in the two forms they travel in: "cap_net_admin,cap_net_raw=ep" (what getcap(8)
 * prints and setcap(8) takes) and the value of the xattr security.capability (capabilities(7),
 * struct vfs_cap_data of <linux/capability.h>, VFS_CAP_REVISION_2). Only permitted sets are
 * supported, with the effective flag or without it: no inheritable sets, and no capabilities of a
 * user namespace.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

#define CAPABILITY_XATTR "security.capability"
#define CAPABILITY_XATTR_SIZE 20

/* The text may have "+" instead of "=". False if it is no such text. */
bool capability_parse(const char *text, unsigned char ret[CAPABILITY_XATTR_SIZE]);
/* Appends the text from which capability_parse() makes exactly this value. False if there is none;
 * ret is then unchanged. */
bool capability_to_text(const void *value, size_t size, struct text *ret);
