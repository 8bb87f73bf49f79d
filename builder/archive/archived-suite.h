/* SPDX-License-Identifier: MIT */
/*
 * Releases of Debian that are no longer supported. Mirrors drop them; they stay in the archive of
 * old releases, mostly without their pockets, signed by keys that no longer sign anything else.
 */
#pragma once

#include <stdbool.h>

/* Whether that is such a release (its code name). */
bool archived_suite_is(const char *name);

/* How to build one, for a hint. */
#define ARCHIVED_SUITE_HINT                                                                        \
	"this release is no longer on Debian's mirrors, but in the archive of old ones: give "     \
	"--mirror http://archive.debian.org/debian, and write 'pockets: []' and 'keyring: "        \
	"/usr/share/keyrings/debian-archive-removed-keys.gpg' into the recipe"
