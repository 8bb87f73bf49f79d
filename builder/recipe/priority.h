/* SPDX-License-Identifier: MIT */
/* The priorities of packages, Debian Policy 2.5: as a recipe may ask for them, as indices give
 * them. */
#pragma once

enum priority { /* in the order in which providers are preferred */
		PRIORITY_REQUIRED,
		PRIORITY_IMPORTANT,
		PRIORITY_STANDARD,
		PRIORITY_OPTIONAL,
		PRIORITY_EXTRA,
};

#define PRIORITY_WORD_REQUIRED "required"
#define PRIORITY_WORD_IMPORTANT "important"
#define PRIORITY_WORD_STANDARD "standard"

/* "required" … */
const char *priority_word(enum priority priority);
/* The other way, whatever the case; any other word is PRIORITY_EXTRA, as apt treats it. */
enum priority priority_from(const char *word);
