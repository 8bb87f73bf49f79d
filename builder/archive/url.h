/* SPDX-License-Identifier: MIT */
/* Parts of URLs, as libcurl splits them. The caller frees what comes back. */
#pragma once

#include <stdbool.h>

struct url { /* each is "" if it is not written */
	char *scheme;
	char *host;
	char *port;
	char *path; /* with its slash; "/" if it is not written */
};

/* All are "" if it is no URL. */
struct url url_split(const char *url);
void url_release(struct url *u);
/* The path of a file:// URL, in the file system; NULL if it is none. */
char *url_file(const char *url);
/* scheme://host:port of a URL, to remember which hosts do not answer. */
char *url_origin(const char *url);
/* The URL without user and password, for messages and records. */
char *url_public(const char *url);
/* A path as it is written in a URL (RFC 3986): a server that decodes it has the file that is
 * meant. */
char *url_encode(const char *path);
/* Whether the URL is below `base`, which has no slash at its end. */
bool url_is_below(const char *url, const char *base);
