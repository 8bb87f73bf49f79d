/* SPDX-License-Identifier: MIT */
/*
 * Where this machine's apt takes packages from: sources.list and sources.list.d in the one-line and
 * the deb822 form (sources.list(5)). Entries that are disabled, that name only source
 * packages, or whose transport we do not speak (cdrom:, mirror:, tor+http: …) are left out;
 * mirror+file: is replaced by the URLs that its file lists. A file that cannot be understood is
 * left out with a warning: apt's configuration is only a convenience here, and apt itself says what
 * is wrong with it.
 */
#pragma once

#include "base/err.h"
#include "base/text.h"

struct apt_source { /* one URL and one suite of a line */
	char *url;  /* http:, https: or file:, without a trailing slash */
	char *suite;
	struct strv components;
	char *signed_by; /* a path, fingerprints or a key block; NULL if absent */
};

struct apt_sources {
	struct apt_source *item; /* in apt's order */
	size_t count;
	size_t allocated;
};

/* root: "/" or another directory. Fails only if root cannot be opened. */
int apt_sources_read(const char *root, struct apt_sources *ret, struct err *err);
void apt_sources_release(struct apt_sources *s);

/* Whether it is an http, https or file URL. */
bool apt_source_url_is_known(const char *url);
