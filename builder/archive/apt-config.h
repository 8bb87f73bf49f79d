/* SPDX-License-Identifier: MIT */
/*
 * What this machine's apt is told about the network, as apt-config(8) says it: apt.conf may be in
 * several files, and include others, so apt is asked. ($APT_CONFIG holds, as it does for apt.)
 */
#pragma once

#include "base/err.h"
#include "base/text.h"

struct apt_config {
	char *proxy;  /* Acquire::http::Proxy; "": use none; NULL: it does not say */
	long timeout; /* Acquire::http::Timeout, in seconds; 0: it does not say */
	/* Files of certificates, each after its host; the host is "" in Acquire::https::CAInfo. */
	struct strv authorities;
	char *login_file;      /* /etc/apt/auth.conf */
	char *login_directory; /* /etc/apt/auth.conf.d/; all three may be NULL */
};

/* Where there is no apt-config, all is empty. Fails only when interrupted. */
int apt_config_read(struct apt_config *ret, struct err *err);
/* The same from what apt-config printed: `dump --format '%f %v%n'`, and `shell` with the names FILE
 * and DIRECTORY. ret is empty before. */
void apt_config_parse(const char *settings, const char *places, struct apt_config *ret);
void apt_config_release(struct apt_config *c);
