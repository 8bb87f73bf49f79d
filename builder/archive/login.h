/* SPDX-License-Identifier: MIT */
/*
 * User names and passwords for archives, in files of apt_auth.conf(5):
 *
 *	machine HOST[:PORT][/PATH] login NAME password PASSWORD
 *
 * A line that says http://HOST is for that protocol, one without a protocol for https only. The
 * first entry that fits a URL holds. What is read here goes into requests and nowhere else: into no
 * message, no log, no result.
 */
#pragma once

#include "archive/url.h"
#include "base/err.h"
#include "base/text.h"

struct login {	     /* of one "machine" */
	char *scope; /* only for URLs below this one; NULL: for all */
	struct url
		machine; /* for this host, any path that begins so, and any port if it has none */
	char *user;
	char *password;
	char *file; /* where it was read, for messages */
	unsigned line;
};

struct logins {
	struct login *item; /* in the order in which they are looked at */
	size_t count;
	size_t allocated;
	struct strv unreadable; /* files of apt's that this user may not read */
};

/* Adds the entries of a file. It is ERR_USAGE if it cannot be read. A file that everybody can read
 * gets a warning. */
int logins_read(struct logins *l, const char *path, const char *scope, struct err *err);
/* The same of a file that is open; path: for messages. */
int logins_read_fd(struct logins *l, int fd, const char *path, const char *scope, struct err *err);
/* The same for apt's own files; what cannot be read is noted in ->unreadable. */
void logins_read_apt(struct logins *l, const char *file, const char *directory);
/* The entry for a URL; NULL if there is none. */
const struct login *logins_find(const struct logins *l, const char *url);
/* Where the password for that URL is to be written, for a hint: "write …". third_party: the recipe
 * can name a file. The caller frees it. */
char *logins_hint(const struct logins *l, const char *url, bool third_party);
void logins_release(struct logins *l);
