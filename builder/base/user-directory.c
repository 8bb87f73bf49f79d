/* SPDX-License-Identifier: MIT */
#include "base/user-directory.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"

char *user_directory(const char *variable, const char *in_home)
{
	const char *s = getenv(variable);

	if (s && *s == '/')
		return xasprintf("%s/netrescue", s);
	s = getenv("HOME");
	if (!s || !*s) {
		const struct passwd *pw = getpwuid(getuid());

		s = pw ? pw->pw_dir : NULL;
	}
	return s && *s ? xasprintf("%s/%s/netrescue", s, in_home) : NULL;
}
