/* SPDX-License-Identifier: MIT */
#include "recipe/priority.h"

#include <strings.h>

static const char *const words[] = {
	[PRIORITY_REQUIRED] = PRIORITY_WORD_REQUIRED,
	[PRIORITY_IMPORTANT] = PRIORITY_WORD_IMPORTANT,
	[PRIORITY_STANDARD] = PRIORITY_WORD_STANDARD,
	[PRIORITY_OPTIONAL] = "optional",
	[PRIORITY_EXTRA] = "extra",
};

const char *priority_word(enum priority priority)
{
	return words[priority];
}

enum priority priority_from(const char *word)
{
	for (enum priority p = PRIORITY_REQUIRED; p < PRIORITY_EXTRA; p++)
		if (strcasecmp(word, words[p]) == 0)
			return p;
	return PRIORITY_EXTRA;
}
