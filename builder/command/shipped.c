/* SPDX-License-Identifier: MIT */
#include "command/shipped.h"

#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/memory.h"

char *shipped_recipe(const char *file)
{
	static const char *const place[] = { "../../recipes", "../share/netrescue/recipes" };
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	const char *slash;

	exe[n > 0 ? n : 0] = '\0';
	slash = strrchr(exe, '/');
	for (size_t i = 0; i < sizeof(place) / sizeof(*place); i++) {
		cleanup_free char *path = xasprintf("%.*s/%s/%s", slash ? (int)(slash - exe) : 0,
						    exe, place[i], file);

		if (access(path, R_OK) == 0)
			return take_ptr(path);
	}
	return NULL;
}
