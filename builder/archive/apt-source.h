/* SPDX-License-Identifier: MIT */
/*
 * What this machine's apt is told: sources.list and sources.list.d, one-line and deb822
 * (sources.list(5)), and its proxy. Lines that are off, of source packages only, or of transports
 * we do not speak (cdrom:, mirror:, tor+http: …) are left out; mirror+file: is replaced by the URLs
 * its file lists. A file that cannot be understood is left out with a warning: apt's configuration
 * is a convenience here, and apt itself will say what is wrong with it.
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

/* Acquire::http::Proxy: "" if apt is told to use none, NULL if it is told nothing or
 * apt-config(8) is not there; the caller frees it. Fails only when interrupted. */
int apt_proxy_read(char **ret, struct err *err);

/* http:, https: or file: */
bool apt_source_url_is_known(const char *url);
