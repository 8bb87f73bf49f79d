/* SPDX-License-Identifier: MIT */
/* The tree's users and groups, looked up in the text of its /etc/passwd (passwd(5)) or /etc/group
 * (group(5)), whose lines both begin with NAME:x:NUMBER: */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

#define ACCOUNT_NUMBER_MAX 65535 /* a user namespace has so many ids */

/* The number of a name, or of a number itself. False if there is none, or it is too large. */
bool account_number(const char *text, const char *name, uint32_t *ret);
/* The name that has the number, which the caller frees; NULL if none has. */
char *account_name(const char *text, uint32_t number);
/* Appends all names, for "did you mean". */
void account_names(const char *text, struct strv *ret);
