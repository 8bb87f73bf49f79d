/* SPDX-License-Identifier: MIT */
/*
 * ${name} in overlay files that ask for it (`template PATH` in .overlay). A name is one of:
 *
 *	recipe title suite architecture init hostname domain timezone default-locale
 *	keymap              as the recipe has it: de or de(nodeadkeys)
 *	keymap-layout       de
 *	keymap-variant      nodeadkeys, or nothing
 *	console-font console-size console-charmap autologin-program
 *	nfs-access nfs-path overlay-size
 *	server-address server-subnet server-netmask nameserver
 *
 * $${ stands for a literal ${, for shell scripts. Any other name is an error with file:line:column.
 */
#pragma once

#include "base/err.h"
#include "base/text.h"
#include "recipe/recipe.h"

/* path: of the file the text came from, for messages. */
int template_expand(const struct recipe *recipe, const char *path, const char *text,
		    struct text *ret, struct err *err);
