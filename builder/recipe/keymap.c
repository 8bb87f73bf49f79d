/* SPDX-License-Identifier: MIT */
#include "recipe/keymap.h"

#include <string.h>

#include "base/memory.h"

char *keymap_layout(const char *keymap)
{
	return xstrndup(keymap, strcspn(keymap, "("));
}

char *keymap_variant(const char *keymap)
{
	const char *bracket = strchr(keymap, '(');

	return bracket ? xstrndup(bracket + 1, strcspn(bracket + 1, ")")) : xstrdup("");
}
