/* SPDX-License-Identifier: MIT */
/*
 * Debian version numbers: [epoch:]upstream[-revision], ordered as deb-version(7) says. This does
 * not use libsolv, so that it can check libsolv's answers.
 */
#pragma once

#include <stdbool.h>

/* Negative, 0 or positive as a is older than, equal to or newer than b. */
int version_compare(const char *a, const char *b);

/* Begins with a digit, holds only what deb-version(7) allows, and no more than 255 characters. */
bool version_is_valid(const char *version);

/* Package names as Debian Policy 5.6.1 has them, at most 128 characters. */
bool package_name_is_valid(const char *name);
