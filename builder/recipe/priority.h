/* SPDX-License-Identifier: MIT */
/* The priorities of packages, Debian Policy 2.5: those that a recipe may ask for, and those that
 * package indices state. */
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
/* The priority that a word names, in upper or lower case. An unknown word is PRIORITY_EXTRA, as it
 * is to apt. */
enum priority priority_from(const char *word);
