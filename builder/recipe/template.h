/* SPDX-License-Identifier: MIT */
/*
 * Names for the recipe's values in overlay files that ask for them (`template PATH` in .overlay):
 * ${hostname} stands for the recipe's host name. The table in template.c has all of them, and
 * docs/recipe.md is made from it. $${ stands for a literal ${, which shell scripts need.
 */
#pragma once

#include "base/err.h"
#include "base/text.h"
#include "recipe/recipe.h"

/* Puts the text with its names replaced into ret, which is empty. ERR_USAGE at path:line:column,
 * with the nearest name as a hint, if one is not known. path: of the file the text came from, for
 * messages. ret_keys gets the keys of the recipe whose values the text has, each once; NULL: nobody
 * asks. */
int template_expand(const struct recipe *recipe, const char *path, const char *text,
		    struct text *ret, struct strv *ret_keys, struct err *err);

/* Appends a table of the names and what they stand for to ret, in Markdown. */
void template_list(struct text *ret);
