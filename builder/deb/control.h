/* SPDX-License-Identifier: MIT */
/*
 * The control file of a .deb (deb(5), deb-control(5)). There is one reader of it: what the lock
 * records, what the solver sees of a local package and what is installed come from the same bytes,
 * or the package is refused everywhere, for the same reason.
 *
 * It is strict. The ar members are what deb-reader.h asks for, up to the beginning of data.tar;
 * every entry of control.tar is what deb-check.h allows; `control` is a regular file of at most
 * DEB_CONTROL_FILE_MAX bytes that holds exactly one stanza (deb822.h).
 */
#pragma once

#include "base/err.h"
#include "base/text.h"
#include "recipe/recipe.h"

/* Appends the control file of the .deb at fd, which is read from its beginning, to ret, without the
 * last newline. ERR_BUILD, with the reason, if it cannot be read or is not as above. */
int control_read(int fd, struct text *ret, struct err *err);

/* The same with what to say and which class to give if it is not a Debian package: "NAME is not a
 * Debian package: WHY". An error of the disk stays ERR_BUILD. */
int control_read_as(int fd, const char *name, enum err_class class, struct text *ret,
		    struct err *err);

/* A local .deb as a stanza of a Packages file, appended to ret: the control file's fields, then
 * Filename (without its directory), Size and SHA256. The file must still have the digest the recipe
 * was read with. ERR_USAGE at the recipe's line if it is not a Debian package, ERR_TRUST if it has
 * changed. */
int control_stanza(const struct recipe_file *deb, struct text *ret, struct err *err);
