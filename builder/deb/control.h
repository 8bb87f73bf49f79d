/* SPDX-License-Identifier: MIT */
/* The control file of a .deb (deb(5), deb-control(5)), and of a local one as a stanza of a Packages
 * file. */
#pragma once

#include "base/err.h"
#include "base/text.h"
#include "recipe/recipe.h"

#define CONTROL_MAX (1024 * 1024)	      /* bytes of a control file */
#define CONTROL_MEMBER_MAX (16 * 1024 * 1024) /* bytes of control.tar.* */

/* Appends to ret: the control file's fields, then Filename (without its directory), Size and
 * SHA256. The file must still have the digest the recipe was read with. ERR_USAGE at the recipe's
 * line if it is no .deb, ERR_TRUST if it has changed. */
int control_stanza(const struct recipe_file *deb, struct text *ret, struct err *err);
/* Appends the control file's fields to ret, the last without newline. -EINVAL if the file at fd has
 * none that can be read. */
int control_read(int fd, struct text *ret);
