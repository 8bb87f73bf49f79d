/* SPDX-License-Identifier: MIT */
/*
 * The recipe's locales as the package locales names them. Its list, /usr/share/i18n/SUPPORTED, has
 * a line "NAME CHARSET" for each: "de_DE.UTF-8 UTF-8", "de_DE@euro ISO-8859-15", "am_ET UTF-8". The
 * same lines stand in /etc/locale.gen and are the answers that debconf takes; so what the image can
 * make is known from the package, before it is installed.
 */
#pragma once

#include "archive/lock.h"
#include "base/err.h"
#include "base/store.h"
#include "base/text.h"
#include "recipe/recipe.h"

/* Appends the line of each of the recipe's locales, in its order. An item is a name, a name with
 * the charset behind it as in the list, or, where the list has a name without charset, the name
 * with it ("am_ET.UTF-8"). ERR_USAGE at the recipe's line if the list has no such locale. */
int locale_lines_find(struct store *s, const struct lock *lock, const struct recipe *recipe,
		      struct strv *ret, struct err *err);
/* The same from the list's text; where: "the package 'locales' 2.41-12", for messages. */
int locale_lines_match(const char *supported, const char *where, const struct recipe_list *locales,
		       struct strv *ret, struct err *err);
