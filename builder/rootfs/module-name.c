/* SPDX-License-Identifier: MIT */
#include "rootfs/module-name.h"

#include <string.h>

#include "base/memory.h"

static char *with_underscores(const char *name, size_t length)
{
	char *copy = xstrndup(name, length);

	for (char *p = copy; *p; p++)
		if (*p == '-')
			*p = '_';
	return copy;
}

char *module_name(const char *written)
{
	return with_underscores(written, strcspn(written, " \t"));
}

void module_name_add(struct strv *v, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const char *ko = strstr(name, ".ko");

	if (ko && (ko[3] == '\0' || ko[3] == '.'))
		strv_add_take(v, with_underscores(name, (size_t)(ko - name)));
}
