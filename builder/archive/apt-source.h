/* SPDX-License-Identifier: MIT */
/*
 * How this machine's apt is configured: sources.list and sources.list.d in the one-line and the
 * deb822 form (sources.list(5)), and its proxy. Entries that are disabled, that name only source
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

/* Acquire::http::Proxy: "" if apt must use none, NULL if it is not configured or there is no
 * apt-config(8); the caller frees it. Fails only when interrupted. */
int apt_proxy_read(char **ret, struct err *err);

/* Whether it is an http, https or file URL. */
bool apt_source_url_is_known(const char *url);
