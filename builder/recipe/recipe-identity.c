/* SPDX-License-Identifier: MIT */
#include "recipe/recipe-identity.h"

#include <fnmatch.h>
#include <string.h>

#include "base/memory.h"

static bool covers(const char *pattern, const char *path)
{
	for (const char *end = path; *end;) {
		end += strspn(end, "/");
		end += strcspn(end, "/");
		cleanup_free char *above = xstrndup(path, (size_t)(end - path));

		if (fnmatch(pattern, above, FNM_PATHNAME) == 0)
			return true;
	}
	return false;
}

const struct recipe_identity *recipe_identity_find(const struct recipe *recipe, const char *path)
{
	for (size_t i = 0; i < recipe->identity_count; i++)
		if (covers(recipe->identity[i].path, path))
			return &recipe->identity[i];
	return NULL;
}
