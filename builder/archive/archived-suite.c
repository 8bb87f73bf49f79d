/* SPDX-License-Identifier: MIT */
#include "archive/archived-suite.h"

#include <stddef.h>

#include "base/memory.h"
#include "base/text.h"

bool archived_suite_is(const char *name)
{
	static const char *const archived[] = { "squeeze", "wheezy", "jessie", "stretch",
						"buster" };

	for (size_t i = 0; i < ARRAY_SIZE(archived); i++)
		if (streq(name, archived[i]))
			return true;
	return false;
}
