/* SPDX-License-Identifier: MIT */
/*
 * Package URLs (package-url/purl-spec, type deb): pkg:deb/debian/NAME@VERSION?arch=…&distro=…
 * What is not Debian's own archive has the host of its repository as namespace and its address as
 * repository_url; a local file has the namespace "local" and its digest as checksum.
 */
#pragma once

#include "deb/package.h"

/* distro: the suite of the image. Caller frees. */
char *purl_of(const struct package *p, const char *distro);
